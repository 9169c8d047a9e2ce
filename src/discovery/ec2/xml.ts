import { StrangeAnswer } from './fault.ts';
import { decoded, nameIn, SLASH, tagEnd } from './xml-text.ts';

/** Which elements are wanted, by their names in the answer; everything else is passed over. */
export interface Shape {
  readonly [element: string]: Leaf | Nested | List;
}

/** A text, and the name to give it. */
type Leaf = string;

/** An element with elements of its own. */
interface Nested {
  readonly as: string;
  readonly shape: Shape;
}

/** An element that holds `<item>`s. */
interface List {
  readonly as: string;
  readonly items: Shape;
}

export interface Wanted {
  [name: string]: string | Wanted | Wanted[] | undefined;
}

/** An element that is open: where its own elements go. */
interface Frame {
  readonly element: string;
  readonly target: Wanted;
  readonly shape: Shape;
  /** The items of a list so far. */
  readonly items?: Wanted[];
}

/** A tag's value has 256 characters; what is longer than this without any tag is not EC2's. */
const MOST_TEXT = 1024 * 1024;

/**
 * Reads the wanted elements of one XML answer while it arrives. The SDK's own parser makes an
 * object of everything, which for 20,000 instances costs several times the CPU and memory that a
 * replica has for it. Anything that is not well-formed down to the last tag is a `StrangeAnswer`.
 */
export class XmlReader {
  readonly #root: string;
  readonly #shape: Shape;
  readonly #onItem: ((item: Wanted) => void) | undefined;
  readonly #result: Wanted = {};
  readonly #frames: Frame[] = [];
  /** Inside elements that are not wanted: how deep. */
  #skipped = 0;
  #rest = '';
  /** The text that is being read. */
  #leaf: { readonly element: string; readonly as: string } | undefined;
  #text = '';
  #state: 'before' | 'inside' | 'after' = 'before';

  /** With `onItem` the items of lists just below the root are handed out, each when complete, and not kept. */
  constructor(root: string, shape: Shape, onItem?: (item: Wanted) => void) {
    this.#root = root;
    this.#shape = shape;
    this.#onItem = onItem;
  }

  write(chunk: string): void {
    const text = this.#rest + chunk;
    let at = 0;
    for (;;) {
      const start = text.indexOf('<', at);
      const end = start < 0 ? -1 : tagEnd(text, start);
      if (end < 0) break;
      if (this.#leaf !== undefined && start > at) this.#text += text.slice(at, start);
      this.#tag(text, start, end);
      at = end + 1;
    }
    this.#rest = text.slice(at);
    if (this.#rest.length > MOST_TEXT) throw new StrangeAnswer(`a text of more than ${MOST_TEXT} characters`);
  }

  /** The wanted part of the whole answer. */
  end(): Wanted {
    if (this.#state === 'before') throw strange(this.#rest, this.#root);
    if (this.#state === 'inside') throw new StrangeAnswer(`the answer ends in the middle of ${this.#root}`);
    return this.#result;
  }

  #tag(text: string, start: number, end: number): void {
    const first = text.charCodeAt(start + 1);
    const empty = text.charCodeAt(end - 1) === SLASH;
    if (first === QUESTION) return;
    if (first === BANG) this.#declaration(text.slice(start, end + 1));
    else if (this.#skipped > 0) this.#skipped += first === SLASH ? -1 : empty ? 0 : 1;
    else if (first === SLASH) this.#closeTag(text.slice(start + 2, end).trimEnd());
    else this.#openTag(nameIn(text, start + 1, end), empty, text);
  }

  /** Comments mean nothing; a document type could define entities, and EC2 sends none. */
  #declaration(tag: string): void {
    if (tag.startsWith('<!--')) return;
    if (this.#state === 'before') throw strange(tag, this.#root);
    throw new StrangeAnswer('the answer has a declaration in it that EC2 does not write');
  }

  #openTag(element: string, empty: boolean, text: string): void {
    if (this.#leaf !== undefined) throw new StrangeAnswer(`the answer has <${element}> where text belongs`);
    const parent = this.#frames.at(-1);
    if (parent === undefined) {
      if (this.#state !== 'before' || element !== this.#root) throw strange(text, this.#root);
      this.#state = empty ? 'after' : 'inside';
      if (!empty) this.#frames.push({ element, target: this.#result, shape: this.#shape });
      return;
    }
    const wanted = Object.hasOwn(parent.shape, element) ? parent.shape[element] : undefined;
    if (wanted === undefined) {
      if (!empty) this.#skipped = 1;
    } else if (typeof wanted === 'string') {
      if (empty) parent.target[wanted] = '';
      else this.#leaf = { element, as: wanted };
    } else {
      const frame = frameFor(element, wanted, parent);
      if (!empty) this.#frames.push(frame);
    }
  }

  #closeTag(element: string): void {
    const frame = this.#frames.at(-1);
    const leaf = this.#leaf;
    const expected = leaf?.element ?? frame?.element;
    if (frame === undefined || element !== expected)
      throw new StrangeAnswer(`the answer closes <${element}> where <${expected ?? 'nothing'}> is open`);
    if (leaf !== undefined) {
      frame.target[leaf.as] = decoded(this.#text);
      this.#leaf = undefined;
      this.#text = '';
      return;
    }
    this.#frames.pop();
    if (this.#frames.length === 0) this.#state = 'after';
    const list = this.#frames.at(-1)?.items;
    if (list === undefined) return;
    if (this.#onItem !== undefined && this.#frames.length === 2) this.#onItem(frame.target);
    else list.push(frame.target);
  }
}

function frameFor(element: string, wanted: Nested | List, parent: Frame): Frame {
  const target: Wanted = {};
  if ('items' in wanted) {
    const items: Wanted[] = [];
    parent.target[wanted.as] = items;
    return { element, target, shape: { item: { as: 'item', shape: wanted.items } }, items };
  }
  // The items of a list are handed on when they close.
  if (parent.items === undefined) parent.target[wanted.as] = target;
  return { element, target, shape: wanted.shape };
}

const QUESTION = 63;
const BANG = 33;

function strange(text: string, root: string): StrangeAnswer {
  if (text.trim() === '') return new StrangeAnswer(`the answer is empty, not ${root}`);
  const what = /<html|<!doctype/i.test(text.slice(0, 1024)) ? 'is a page of HTML' : 'is not the one of EC2';
  return new StrangeAnswer(`the answer ${what}, not ${root}: is there a proxy or a login page in between?`);
}
