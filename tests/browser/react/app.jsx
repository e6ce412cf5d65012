// A small application of the hooks. The test drives it through `globalThis.app`.

import { Activity, memo, StrictMode, useEffect, useState } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { RoomClient } from "room-messaging";
import {
  RoomProvider,
  useMessages,
  useParticipants,
  useRoom,
  useSendMessage,
  useStream,
  useStreams,
} from "room-messaging/react";

/** What the components of a member see, by the name of the member. */
const seen = {};
const roots = {};

/** Every client that any of them has seen, and who was mounted, in StrictMode twice. */
const clients = new Set();
const mounts = [];

function Chat({ name }) {
  const room = useRoom();
  const participants = useParticipants();
  const messages = useMessages("chat.message", { limit: 3 });
  const all = useMessages();
  const sending = useSendMessage();
  const [files, setFiles] = useState([]);
  const [spoken, setSpoken] = useState(undefined);
  const heard = useStream(spoken);
  const onFile = async (reader) => {
    if (reader.header.kind === "text") {
      setSpoken(reader);
      return;
    }
    const bytes = await new Response(reader.bytes()).arrayBuffer();
    setFiles((before) => [...before, { name: reader.header.name, size: bytes.byteLength }]);
  };
  const streams = useStreams(onFile, { accepts: ({ header }) => header.name !== "unwanted" });
  const now = { room, participants, messages, all, sending, streams, files, heard };
  useEffect(() => {
    seen[name] = { ...now, renders: (seen[name]?.renders ?? 0) + 1 };
    clients.add(room.client);
  });
  useEffect(() => {
    mounts.push(name);
  }, [name]);
  return (
    <main id={name}>
      <p data-done={heard.isDone}>{heard.text}</p>
      <output>{`${room.state}, ${participants.length} others`}</output>
      <ul>
        {participants.map((participant) => (
          <Person key={participant.id} participant={participant} />
        ))}
      </ul>
      <ol>
        {messages.map(({ message }) => (
          <li key={message.text}>{message.text}</li>
        ))}
      </ol>
    </main>
  );
}

/** How often each person was drawn because something about them changed. */
const drawn = {};

const Person = memo(function Person({ participant }) {
  useEffect(() => {
    drawn[participant.name] = (drawn[participant.name] ?? 0) + 1;
  });
  return <li>{`${participant.name} ${participant.attributes.mood ?? ""}`.trim()}</li>;
});

/** React mounts everything below twice, if this is what is rendered at the root. */
function page(name, { isHidden, ...room }) {
  return (
    <StrictMode>
      <Activity mode={isHidden ? "hidden" : "visible"}>
        <RoomProvider {...room}>
          <Chat name={name} />
        </RoomProvider>
      </Activity>
    </StrictMode>
  );
}

/** Every socket of the page. */
const sockets = [];

globalThis.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
};

function element() {
  return document.body.appendChild(document.createElement("div"));
}

globalThis.app = {
  RoomClient,
  seen,
  drawn,
  sockets,
  clients,
  mounts,
  /** Shows a member with these props, or changes their props. */
  show(name, props) {
    roots[name] ??= createRoot(element());
    roots[name].render(page(name, props));
  },
  unmount(name) {
    roots[name].unmount();
    delete roots[name];
  },
  /** Takes over what a server has rendered; gives that, and what was wrong with it. */
  hydrate(name, props) {
    const container = element();
    const html = renderToString(page(name, props));
    container.innerHTML = html;
    const problems = [];
    const onRecoverableError = (error) => problems.push(error.message);
    roots[name] = hydrateRoot(container, page(name, props), { onRecoverableError });
    return { html, problems };
  },
};
