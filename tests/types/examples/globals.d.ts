// What the examples in the documentation take as given.

import type { ReactElement } from "react";
import type * as lib from "room-messaging";

declare global {
  const RoomError: typeof lib.RoomError;
  const room: lib.RoomClient;
  const peer: lib.RemoteParticipant;
  const agent: lib.RemoteParticipant;
  const file: File;
  const text: string;
  const url: string;
  const token: string;
  function fetchToken(): Promise<string>;
  function show(...values: unknown[]): void;
  function showLater(hint: string): void;
  function reload(): void;
  function Chat(): ReactElement;
  function setText(text: string): void;
  function setFiles(next: (files: NamedFile[]) => NamedFile[]): void;
}

interface NamedFile {
  name: string;
  file: Blob;
}
