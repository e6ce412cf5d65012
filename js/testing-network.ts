/**
 * The network between one client and its room: `room.network(client)`. What it does, it does at this
 * moment of virtual time; what comes of it, `run()` and `advance()` show.
 */
export interface TestNetwork {
  /** Whether there is a connection, or one is being made. */
  readonly isConnected: boolean;

  /**
   * Breaks the connection. Some of what is under way still arrives, chance says how much; then both
   * sides hear that it is gone. The client connects again.
   *
   * @throws `RoomError` `not-connected`.
   */
  cut(): void;

  /**
   * From now on nothing arrives over this connection, in either direction, and nobody is told. Both
   * sides find out when they have heard nothing for too long.
   *
   * @throws `RoomError` `not-connected`.
   */
  silence(): void;

  /**
   * The client reads nothing for so many milliseconds; then it reads all that has come.
   *
   * @throws `RoomError` `not-connected`; `invalid-argument`.
   */
  hold(milliseconds: number): void;

  /**
   * From now on so many bytes go in a second, in either direction; `Infinity` is as fast as before.
   *
   * @throws `RoomError` `invalid-argument`.
   */
  slow(bytesPerSecond: number): void;

  /**
   * Breaks the connection, if there is one, and lets none be made: for so many milliseconds, or until
   * `online()`.
   *
   * @throws `RoomError` `invalid-argument`.
   */
  offline(milliseconds?: number): void;

  /** Lets connections be made again. The client tries when it is due. */
  online(): void;
}
