// Bucket: how much may come at once, and how much in the long run.
//
//   const bucket = new Bucket(1000, 2000);   // a second, at once
//   bucket.take(1)                           // false: there was more than that
//
// It fills by the clock. So what queued up while the page was busy has been paid for meanwhile. Not so
// of time itself: while it is being spent, a bucket of time does not fill.

export class Bucket {
  #left;
  #rate;
  #most;
  #at;
  #now;

  /**
   * @param {number} rate A second.
   * @param {number} burst At once.
   * @param {() => number} now In ms.
   */
  constructor(rate, burst, now = () => performance.now()) {
    this.#rate = rate;
    this.#most = burst;
    this.#left = burst;
    this.#now = now;
    this.#at = now();
  }

  /**
   * @param {number} amount
   * @returns {boolean} Whether it may still come. What may not is not taken.
   */
  take(amount) {
    const now = this.#now();
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) / 1000) * this.#rate);
    this.#at = now;
    if (amount > this.#left) return false;
    this.#left -= amount;
    return true;
  }

  /**
   * Time that has just been spent, up to now.
   * @param {number} seconds
   * @returns {boolean} Whether there was so much.
   */
  spend(seconds) {
    this.#at += seconds * 1000;
    return this.take(seconds);
  }
}
