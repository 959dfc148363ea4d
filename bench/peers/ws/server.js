// Echoes with the npm module ws; with --fanout, what a connection opened as /publish sends goes to all others.
// Prints its port, ends at SIGTERM. Its modules are in NODE_PATH: bench/compare.sh keeps them in the build folder.
const { createRequire } = require("module");
const { WebSocketServer } = createRequire(process.env.NODE_PATH + "/")("ws");

const fanout = process.argv.includes("--fanout");
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });

server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (!fanout) {
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  } else if (request.url.startsWith("/publish")) {
    socket.on("message", (data, isBinary) => {
      for (const other of server.clients) {
        if (other !== socket) other.send(data, { binary: isBinary });
      }
    });
  }
});
process.on("SIGTERM", () => process.exit(0));
