import type { Call } from "./call.js";
import type { Clock } from "./clock.js";
import type { Core } from "./core.js";
import type { EngineMessage, EngineParticipant } from "./engine.js";
import type { RoomError } from "./errors.js";
import type { IncomingStream } from "./stream-ends.js";

/** What a connection tells a `MessagingClient`. None of these may throw. */
export interface MessagingHandlers {
  ended(): void;
  messagingEnabled(): void;
  participantAdded(participant: EngineParticipant): void;
  participantRemoved(id: string): void;
  participantUpdated(id: string, attributes: string, changedJson: string): void;
  message(from: string, type: string, json: string, attachment: Uint8Array | undefined): void;
  streamRequested(offer: IncomingStream): void;
  callRequested(call: Call, message: EngineMessage): void;
  streamClosed(streamId: string, error: RoomError | undefined): void;
}

/** Ties a `MessagingClient` to its room. Only `RoomClient` makes one. */
export interface MessagingLink {
  /** @internal The core of the current connection; throws `not-connected` if there was none. */
  core(): Core;
  /**
   * @internal While the client connects for the first time: resolves when it has, and asks with the
   * connection for messaging to be enabled, if that is not under way yet.
   */
  enabling(): Promise<void> | undefined;
  /** @internal What the client lives by. */
  clock(): Clock;
  /** Whether there is a connection with messaging enabled. */
  isEnabled(): boolean;
  /** @internal From now on the handlers hear of the room. */
  attach(handlers: MessagingHandlers): void;
}
