import type { RoomError } from "./errors.js";

/** A promise that nobody has to wait for. */
export class Ready {
  readonly promise: Promise<void>;
  isSettled = false;
  resolve!: () => void;
  reject!: (error: RoomError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = () => {
        this.isSettled = true;
        resolve();
      };
      this.reject = (error) => {
        this.isSettled = true;
        reject(error);
      };
    });
    // Whoever waits for it hears it; it may be nobody.
    this.promise.catch(() => {});
  }
}
