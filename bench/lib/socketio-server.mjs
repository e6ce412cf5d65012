// The server of the socket.io pages, as a process of its own.

import { createServer } from "node:http";

import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { maxHttpBufferSize: 64 * 1024 * 1024, cors: { origin: "*" } });

io.on("connection", (socket) => {
  let room;
  socket.on("join", (name) => {
    room = name;
    socket.join(name);
    if (io.sockets.adapter.rooms.get(name).size >= 2) {
      io.to(name).emit("both");
    }
  });
  socket.on("send", (kind, message, bytes, done) => {
    socket.to(room).emit("sent", kind, message, bytes);
    done();
  });
});

http.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ socketio: http.address().port })}\n`);
});
// Whoever started us is gone when our input ends.
process.stdin.resume().on("end", () => process.exit(0));
