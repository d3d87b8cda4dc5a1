// What every payload runs in. All of it is hostile code of a component and may do what any may.
//
//   canary           where the attacker listens: http://127.0.0.1:PORT
//   udp              his UDP port
//   press(element)   shows the element, or a button, and waits for the user's real click on it
//   within(ms, p)    what p answers, or undefined after ms milliseconds
//   port()           the component's own end of its channel; the stage hands it out, because the
//                    page must not rely on the runtime's keeping it
//   bystander()      the window of the other component, once there is one
//   over()           whether the app has heard from the other component
//   root, emit       as every component has them; emit("loot", text) reaches the app
//
// A second instance of the same component, if there is one, does what the attack's twin says.
//
// It begins when the app has heard "started" and said go, and ends with "done".

/* MODULE */

export default async function attack({ root, args, onArgs, emit }) {
  const { canary, udp } = args;

  const within = (ms, promise) => Promise.race([promise, new Promise((end) => setTimeout(end, ms))]);

  const press = (element = document.createElement("button")) =>
    new Promise((pressed) => {
      element.id = "bait";
      element.textContent ||= "Press me";
      element.addEventListener("click", pressed);
      root.append(element);
    });

  const port = () => globalThis.__components_sdk_port;

  const bystander = async () => {
    for (;;) {
      const others = Array.from({ length: parent.length }, (_, index) => parent.frames[index]);
      const other = others.find((frame) => frame !== window);
      if (other) return other;
      await new Promise((next) => setTimeout(next));
    }
  };

  let now = args;
  const over = () => now.over;

  if (!canary) {
    // The twin: the attacker's address is told to the first instance only.
    const twin = async () => {
      /* TWIN */
    };
    await within(2000, twin()).catch(() => {});
    return void emit("started", "");
  }

  const strike = async () => {
    /* PAYLOAD */
  };

  root.style.minHeight = "6rem"; // room for what is to be clicked, before anything is
  emit("started", "");
  await new Promise((go) =>
    onArgs((args) => {
      now = args;
      if (args.go) go();
    }),
  );
  let words = "";
  try {
    await within(10_000, strike());
  } catch (error) {
    words = String(error);
  }
  emit("done", words.slice(0, 200));
}
