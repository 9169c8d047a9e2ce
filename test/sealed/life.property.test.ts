import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SealedSecrets } from '../../src/sealed/sealed-secrets.ts';
import { DAY, NOW, type SealedFolder, sealedFolder, secretConfig, value } from './life.ts';

const NAMES = ['a', 'b/../c', 'd'];
const CONFIGS = NAMES.map((name) => secretConfig(name));

const named = fc.constantFrom(...NAMES);
const step = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), name: named, text: fc.constantFrom('1', '2', '3') }),
  fc.record({ kind: fc.constant('retain' as const), names: fc.subarray(NAMES) }),
  fc.record({ kind: fc.constant('confirm' as const), names: fc.subarray(NAMES) }),
  fc.record({ kind: fc.constant('pass' as const), days: fc.constantFrom(0, 1, 15, 28, 31) }),
  fc.record({ kind: fc.constant('restart' as const), crash: fc.boolean() }),
);

/** What the store last said of a secret of the config, and when. */
type Facts = Map<string, { readonly text: string; readonly at: number }>;

class Run {
  now = NOW;
  readonly facts: Facts = new Map();
  readonly #folder: SealedFolder;
  #life: SealedSecrets;

  constructor(folder: SealedFolder) {
    this.#folder = folder;
    this.#life = folder.open();
  }

  async step(one: typeof step extends fc.Arbitrary<infer Step> ? Step : never): Promise<void> {
    if (one.kind === 'put') this.#put(one.name, one.text);
    else if (one.kind === 'retain') this.#retain(one.names);
    else if (one.kind === 'confirm') this.#confirm(one.names);
    else if (one.kind === 'restart') await this.#restart(one.crash);
    else this.now += one.days * DAY;
    if (one.kind !== 'confirm') this.#life.sweep(this.now, () => new Map());
    // The next look comes a minute later at the earliest.
    this.now += 60_000;
  }

  /** What a start right now would restore. */
  async restored(): Promise<Readonly<Record<string, string>>> {
    await this.#life.flush();
    const { texts, problems } = await this.#folder.restored(CONFIGS, this.now);
    expect(problems.filter((problem) => !problem.includes('what was kept sealed is removed'))).toEqual([]);
    return texts;
  }

  close(): Promise<void> {
    return this.#life.close();
  }

  #put(name: string, text: string): void {
    this.facts.set(name, { text, at: this.now });
    this.#life.put(secretConfig(name), value(text), this.now);
  }

  #retain(names: readonly string[]): void {
    for (const name of NAMES) if (!names.includes(name)) this.facts.delete(name);
    this.#life.retain(new Map(names.map((name) => [name, secretConfig(name)])));
  }

  #confirm(names: readonly string[]): void {
    for (const [name, { text }] of this.facts) {
      if (names.includes(name)) this.facts.set(name, { text, at: this.now });
    }
    this.#life.sweep(this.now, () => new Map(names.map((name) => [name, this.now])));
  }

  async #restart(crash: boolean): Promise<void> {
    if (crash) await this.#life.flush();
    else await this.#life.close();
    this.#life = this.#folder.open();
    const { secrets } = await this.#life.load(CONFIGS, this.now);
    for (const [name, { at }] of this.facts) {
      if (secrets.has(name)) continue;
      expect(this.now - at, `age of ${name}`).toBeGreaterThanOrEqual(29 * DAY);
      this.facts.delete(name);
    }
  }
}

test('after any life a start restores what the stores last said, as long as it is fresh, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 15, size: 'max' }), async (steps) => {
      const run = new Run(await sealedFolder());
      for (const one of steps) await run.step(one);
      const texts = await run.restored();
      for (const name of NAMES) {
        const fact = run.facts.get(name);
        const age = fact === undefined ? Number.POSITIVE_INFINITY : run.now - fact.at;
        // Confirmations are written once a day: within that day both are right.
        if (age < 29 * DAY) expect(texts[name]).toBe(fact?.text);
        else if (age >= 30 * DAY) expect(texts[name]).toBeUndefined();
      }
      await run.close();
    }),
    { numRuns: 120 },
  );
});
