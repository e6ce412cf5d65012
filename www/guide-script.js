// What the guide says. Nothing here knows of rooms or pages.

/** The first that fits; a greeting may come with a question. */
const ANSWERS = [
  [
    /\b(file|image|picture|photo|stream|send)\b/iu,
    () =>
      "“Attach” puts a file beside a message, and a picture is shown at once. “Send file” takes a " +
      "file of any size: it goes as a stream, and if I read slowly, your page waits instead of " +
      "filling its memory. Send me one, and I tell you its checksum.",
  ],
  [
    /\b(cut|line|connection|offline|network|reconnect|lost)\b/iu,
    () =>
      "Press the scissors beside the state of the connection. Your page is cut off for five " +
      "seconds; write something meanwhile. Then it goes on where it was: nothing is lost, nothing " +
      "comes twice, and nobody else notices.",
  ],
  [
    /\b(live|type|typing)\b/iu,
    () =>
      "What I write comes to you as a stream of text, piece by piece, as a language model would " +
      "answer. “Type live” does the same for you: others see each letter.",
  ],
  [
    /\b(private|privacy|secret|direct|alone)\b/iu,
    () =>
      "Choose my name among the people: what is said there goes to the two of us only. The server " +
      "carries it and writes nothing of it into its log.",
  ],
  [
    /\b(agent|python|code|program|sdk)\b/iu,
    () =>
      "Programs come into a room like people: a page, Node, or a script in Python with the official " +
      "SDK. They see the same participants, messages and streams.",
  ],
  [/\b(thanks|thank you|danke)\b/iu, ({ name }) => `You are welcome, ${name}.`],
  [/\b(bye|goodbye|see you)\b/iu, ({ name }) => `Goodbye, ${name}. The room stays open.`],
  [
    /\b(hello|hi|hey|morning|evening|hallo)\b/iu,
    ({ name }) =>
      `Hello ${name}! I am a small program with the role “agent”, and a participant like you. ` +
      "Ask me about files, live text, the connection, privacy, or agents.",
  ],
];

export const GREETING =
  "Hello! I am the guide. Write to me: I answer in pieces, as an agent does. Ask for “help”, send me a " +
  "file, or press the scissors to cut your line and see what becomes of it.";

const HELP =
  "I know something about files and pictures, live text, the connection, private conversations, and " +
  "agents. Write one of these words.";

/** The answer to a text of somebody with this name. */
export function answerTo(text, name) {
  const found = ANSWERS.find(([pattern]) => pattern.test(text));
  return found === undefined ? HELP : found[1]({ name });
}

/** What to say about a file that came. */
export function aboutFile({ name, size, sha256 }) {
  const sum = sha256 === undefined ? "" : `, SHA-256 ${sha256.slice(0, 16)}…`;
  return `Received ${name}: ${size.toLocaleString("en")} bytes${sum}`;
}

/** A text in pieces as they are spoken. */
export function piecesOf(text) {
  return text.match(/\S+\s*/gu) ?? [];
}
