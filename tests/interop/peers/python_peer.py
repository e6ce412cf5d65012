"""Runs an official Python client as a peer of the tests.

Takes one JSON command a line on standard input and answers each with one JSON line on standard
output. Works with every version of meshagent-api from 0.0.21 on.
"""

import ast
import asyncio
import hashlib
import inspect
import io
import json
import sys

from meshagent.api.participant import Participant
from meshagent.api.room_server_client import RoomClient
from meshagent.api.websocket_protocol import WebSocketClientProtocol


def pattern(size):
    """`size` bytes that every peer can make by itself."""
    return bytes((index * 31 + 7) & 255 for index in range(size))


def attachment(size):
    return None if size is None else pattern(size)


async def settle(value):
    """Old versions return coroutines where newer ones return futures or nothing."""
    return await value if inspect.isawaitable(value) else value


class Kept(io.BytesIO):
    """A file whose bytes can be seen when it has been closed."""

    content = None

    def close(self):
        if not self.closed:
            self.content = self.getvalue()
        super().close()


class Peer:
    def __init__(self):
        self.room = None
        self.inbox = []
        self.duplex = None
        self.duplex_inbox = []
        self.writer = None
        self.readers = []
        self.reading = set()

    async def join(self, url, token):
        def protocol():
            return WebSocketClientProtocol(url=url, token=token)

        if "protocol_factory" in inspect.signature(RoomClient).parameters:
            self.room = RoomClient(protocol_factory=protocol)
        else:
            self.room = RoomClient(protocol=protocol())
        self.room.messaging.on("message", lambda message: self.inbox.append(self.describe(message)))
        await self.room.__aenter__()
        return self.room.local_participant.id

    async def enable(self, streams=None):
        """`streams` is "accept", or a reason to refuse them; only old versions have streams."""
        if streams is None:
            await settle(self.room.messaging.enable())
            return

        def take(reader):
            if streams != "accept":
                raise Exception(streams)
            task = asyncio.create_task(self.read(reader))
            self.reading.add(task)
            task.add_done_callback(self.reading.discard)

        await settle(self.room.messaging.enable(on_stream_accept=take))

    async def disable(self):
        await settle(self.room.messaging.disable())

    async def participants(self):
        return [
            {
                "id": peer.id,
                "role": peer.role,
                "name": peer.get_attribute("name"),
                "mood": peer.get_attribute("mood"),
            }
            for peer in self.room.messaging.get_participants()
        ]

    def recipient(self, id):
        for peer in self.room.messaging.get_participants():
            if peer.id == id:
                return peer
        return Participant(id=id, attributes={})

    async def send(self, to, type, message, size):
        await self.room.messaging.send_message(
            to=self.recipient(to), type=type, message=message, attachment=attachment(size)
        )

    async def broadcast(self, type, message, size):
        await self.room.messaging.broadcast_message(
            type=type, message=message, attachment=attachment(size)
        )

    async def burst(self, to, type, count):
        peer = self.recipient(to)
        await asyncio.gather(
            *(
                self.room.messaging.send_message(to=peer, type=type, message={"index": index})
                for index in range(count)
            )
        )

    async def setAttribute(self, name, value):
        await settle(self.room.local_participant.set_attribute(name, value))

    async def received(self):
        taken, self.inbox = self.inbox, []
        return taken

    async def answerDuplex(self, reason=None):
        """Accepts the streams that come, or refuses them for `reason`."""

        def asked(request):
            asyncio.create_task(self.answer_duplex(request, reason))

        self.room.messaging.on("stream_requested", asked)

    async def answer_duplex(self, request, reason):
        if reason is not None:
            await request.reject(message=reason)
            return
        self.duplex = await request.accept()
        self.duplex_inbox = [self.describe(request)]
        self.follow_duplex()

    async def openDuplex(self, to, type, message, size):
        self.duplex_inbox = []
        self.duplex = await self.room.messaging.stream(
            to=self.recipient(to), type=type, message=message, attachment=attachment(size)
        )
        self.follow_duplex()
        return self.duplex.stream_id

    def follow_duplex(self):
        stream, inbox = self.duplex, self.duplex_inbox

        async def follow():
            async for event in stream:
                if hasattr(event, "message") and hasattr(event, "from_participant_id"):
                    inbox.append(self.describe(event))
                else:
                    inbox.append({"end": getattr(event, "reason", "disconnected")})
            inbox.append({"end": "over"})

        self.following = asyncio.create_task(follow())

    async def sendDuplex(self, type, message, size):
        await self.duplex.send_message(type=type, message=message, attachment=attachment(size))

    async def receivedDuplex(self):
        taken = self.duplex_inbox[:]
        self.duplex_inbox.clear()
        return taken

    async def closeDuplex(self):
        await self.duplex.close()

    async def runExample(self, source):
        """Runs an example that has `room` and `file`, and a function `answer` for streams."""
        self.file = Kept()
        names = {"room": self.room, "file": self.file}
        code = compile(source, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        await settle(eval(code, names))

        def asked(request):
            self.following = asyncio.create_task(names["answer"](request))

        self.room.messaging.on("stream_requested", asked)

    async def exampleFile(self):
        """What it has written, when it has closed the file."""
        return None if self.file.content is None else self.digest(self.file.content)

    async def openStream(self, to, header):
        self.writer = await self.room.messaging.create_stream(to=self.recipient(to), header=header)

    async def writeChunks(self, chunks):
        from meshagent.api.room_server_client import MessageStreamChunk

        for chunk in chunks:
            await self.writer.write(
                MessageStreamChunk(header=chunk["header"], data=attachment(chunk["size"]))
            )

    async def closeStream(self):
        await self.writer.close()

    async def read(self, reader):
        seen = {"header": reader.header, "chunks": [], "end": None}
        self.readers.append(seen)
        async for chunk in reader.read_chunks():
            seen["chunks"].append({"header": chunk.header, **self.digest(chunk.data)})
        seen["end"] = "clean"

    async def streams(self):
        """What has been read of every stream that was accepted."""
        return self.readers

    async def leave(self):
        await self.room.__aexit__(None, None, None)

    @staticmethod
    def describe(message):
        return {
            "from": message.from_participant_id,
            "type": message.type,
            "message": message.message,
            **Peer.digest(message.attachment),
        }

    @staticmethod
    def digest(data):
        data = data or b""
        return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


async def answer(peer, line):
    request = json.loads(line)
    try:
        result = await getattr(peer, request["command"])(**(request.get("args") or {}))
        reply = {"id": request["id"], "result": result}
    except Exception as error:  # the tests look at the text
        reply = {"id": request["id"], "error": str(error) or type(error).__name__}
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


async def main():
    peer = Peer()
    reader = asyncio.StreamReader(limit=64 * 1024 * 1024)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while line := await reader.readline():
        task = asyncio.create_task(answer(peer, line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


asyncio.run(main())
