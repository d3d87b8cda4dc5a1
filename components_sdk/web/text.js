// Text: how much a text is in JSON, without making any.

/**
 * @param {string} text
 * @param {number} most
 * @returns {number} Its bytes as JSON in UTF-8, without quotes; something above `most` once it is.
 */
export function jsonBytes(text, most) {
  if (text.length > most) return text.length;
  let bytes = 0;
  for (let index = 0; index < text.length && bytes <= most; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) bytes += beyondAscii(code, text.charCodeAt(index + 1), text.charCodeAt(index - 1));
    else if (code === 0x22 || code === 0x5c) bytes += 2;
    else if (code >= 0x20) bytes += 1;
    else bytes += (code >= 0x08 && code <= 0x0d && code !== 0x0b) ? 2 : 6; // \n, or \u0001
  }
  return bytes;
}

/** @param {number} code @param {number} next @param {number} last units of UTF-16; NaN outside */
function beyondAscii(code, next, last) {
  if (code < 0x800) return 2;
  if (code < 0xd800 || code > 0xdfff) return 3;
  const paired = code < 0xdc00 ? next >= 0xdc00 && next <= 0xdfff : last >= 0xd800 && last <= 0xdbff;
  return paired ? 2 : 6; // half of a character of four, or an escape
}
