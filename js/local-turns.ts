/** Work that waits for its turn, in the order in which it came. */
const waiting: (() => void)[] = [];
let channel: MessageChannel | undefined;

/**
 * Does something later, after all that was put off before. A turn is a task of its own, so that
 * however much there is to do, the page still paints and hears its user.
 */
export function later(act: () => void): void {
  waiting.push(act);
  if (waiting.length === 1) {
    nextTurn();
  }
}

function nextTurn(): void {
  // A timer would be slow where pages are hidden, and slower than 4 ms where turns follow turns.
  channel ??= new MessageChannel();
  const { port1, port2 } = channel as { port1: NodePort; port2: MessagePort };
  port1.onmessage = turn;
  // Node waits for ports that are listened to.
  port1.ref?.();
  port2.postMessage(0);
}

interface NodePort extends MessagePort {
  ref?(): void;
  unref?(): void;
}

function turn(): void {
  // What these put off has its own turn. They stay on the list, which says that a turn is under way.
  let done = 0;
  try {
    for (const act of [...waiting]) {
      done += 1;
      act();
    }
  } finally {
    waiting.splice(0, done);
    if (waiting.length > 0) {
      nextTurn();
    } else {
      (channel?.port1 as NodePort | undefined)?.unref?.();
    }
  }
}
