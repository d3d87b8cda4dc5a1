// Generated from wire.py by `python -m components_sdk.typegen`. Do not edit.

export type Theme = "light" | "dark";

export type FailureCode = "module-error" | "component-threw" | "no-default-export" | "not-ready" | "hung" | "navigated" | "protocol" | "message-rate" | "byte-rate" | "message-bytes" | "message-depth" | "message-nodes" | "page-time" | "queue" | "focus" | "slow";

export type ElementKind = "text" | "heading" | "html" | "button" | "columns" | "column" | "ledger";

export type Direction = "to component" | "to app" | "stopped";

/** A component's lasting value has changed. */
export interface SetValue {
  type: "value";
  frame: string;
  value: unknown;
}

/** A component's one-shot event. */
export interface Emit {
  type: "event";
  frame: string;
  event: string;
  value: unknown;
}

/** The user pressed a button of the page. */
export interface Press {
  type: "press";
  element: string;
}

/** The page removed a frame and put a card in its place. */
export interface Report {
  type: "report";
  frame: string;
  code: FailureCode;
  detail: string;
}

/** All that the instances of one component share; sent before the first of them. */
export interface Kind {
  type: "kind";
  name: string;
  title: string;
  sandbox: string;
  allow: string;
  opaque: boolean;
  args: Record<string, Record<string, unknown>>;
  events: Record<string, Record<string, unknown>>;
  has_value: boolean;
}

/** Create a frame. */
export interface Mount {
  type: "mount";
  id: string;
  parent: string;
  kind: string;
  url: string;
  args: Record<string, unknown>;
  max_height: number;
}

/** Some arguments of a frame have new values. */
export interface Patch {
  type: "patch";
  frame: string;
  args: Record<string, unknown>;
}

/** A plain part of the page. ``html`` was cleaned by the one sanitiser. */
export interface Element {
  type: "element";
  id: string;
  parent: string;
  kind: ElementKind;
  text: string;
  level: number;
}

/** A plain part of the page shows another text. */
export interface Change {
  type: "change";
  element: string;
  text: string;
}

/** Take an element or a frame away. */
export interface Remove {
  type: "remove";
  id: string;
}

/** A card in the place of a component that asks for more than it gets here. */
export interface Denied {
  type: "denied";
  id: string;
  parent: string;
  code: "not-granted" | "forbidden-by-organisation" | "storage-needs-own-origin";
  title: string;
  missing: MissingGrant[];
  line: string;
}

/** A callback of the app raised. No internals: the log has them under the reference. */
export interface Alert {
  type: "alert";
  reference: string;
}

/** The gate turned a message away; goes on to the author's console. */
export interface Refusal {
  type: "refused";
  frame: string;
  code: string;
  message: string;
}

/** New rows of this session's ledger. */
export interface Rows {
  type: "rows";
  rows: Row[];
}

/** Frame to page, by port: the echo proves that the port reached this document. */
export interface Ready {
  type: "ready";
  echo: string;
}

/** The author's module could not be loaded, or threw. */
export interface FrameFailed {
  type: "failed";
  code: FailureCode;
  message: string;
}

/** ``setValue(value)`` */
export interface FrameValue {
  type: "value";
  value: unknown;
}

/** ``emit(event, value)`` */
export interface FrameEvent {
  type: "event";
  event: string;
  value: unknown;
}

/** The content's height in CSS px. */
export interface Height {
  type: "height";
  height: number;
}

/** Answer to a ping. */
export interface Pong {
  type: "pong";
}

/** All arguments, once, after the echo. */
export interface Init {
  type: "init";
  args: Record<string, unknown>;
  max_height: number;
}

/** Some arguments have new values. */
export interface Args {
  type: "args";
  args: Record<string, unknown>;
}

/** The page's theme has changed. */
export interface SetTheme {
  type: "theme";
  theme: Theme;
}

/** Heartbeat: a port reports neither death nor closing, so the page has to ask. */
export interface Ping {
  type: "ping";
}

/** What the author's console is told about a refused call. */
export interface Told {
  type: "refused";
  code: string;
  message: string;
}

/** Frame to page, by window: I am here. The nonce came in the URL fragment. */
export interface Hello {
  type: "hello";
  nonce: string;
}

/** Page to frame, by window, with a MessagePort. Carries no data. */
export interface Port {
  type: "port";
  echo: string;
}

/** One permission that was asked for and not granted. */
export interface MissingGrant {
  permission: string;
  meaning: string;
  reason: string;
  origins: string[];
}

/** One entry of the ledger: what crossed, when, and where it is held. */
export interface Row {
  time: number;
  session: string;
  component: string;
  key: string;
  direction: Direction;
  what: string;
  type: string;
  bytes: number;
  held: string;
}

export type FromPage = SetValue | Emit | Press | Report;

export type ToPage = Kind | Mount | Patch | Element | Change | Remove | Denied | Alert | Refusal | Rows;

export type FromFrame = Ready | FrameFailed | FrameValue | FrameEvent | Height | Pong;

export type ToFrame = Init | Args | SetTheme | Ping | Told;
