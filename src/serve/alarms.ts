import type { Logger } from 'pino';
import type { World } from '../fleet/world.ts';
import type { SecretStatus } from '../secrets/refresh.ts';
import { secretAlarms } from './secret-alarms.ts';

/** Failed looks in a row that are an alarm (SRC3). */
const MISSED = 3;

/** Says once when something begins to be held, or a scope to be missed, and once when that is over. */
export class Alarms {
  readonly #world: World;
  readonly #logger: Logger;
  readonly #raised = new Map<string, object>();

  constructor(world: World, logger: Logger) {
    this.#world = world;
    this.#logger = logger;
  }

  /** Called every second: an alarm is raised well within the 5 s that it may take. */
  check(sources: Iterable<string>, secrets: readonly SecretStatus[]): void {
    const now = new Map<string, () => void>();
    for (const source of sources) this.#ofScopes(source, now);
    this.#ofServices(now);
    this.#ofSecrets(secrets, now);
    for (const [key, about] of this.#raised) {
      if (now.has(key)) continue;
      this.#raised.delete(key);
      this.#logger.info(about, 'the alarm is over');
    }
    for (const [key, raise] of now) if (!this.#raised.has(key)) raise();
  }

  #ofScopes(source: string, now: Map<string, () => void>): void {
    for (const { scope, held, failures, error, heldUntil } of this.#world.scopes(source)) {
      const about = { source, scope };
      if (heldUntil !== undefined) {
        this.#note(now, `held ${JSON.stringify(about)}`, about, () =>
          this.#logger.error(
            { ...about, held, until: new Date(heldUntil).toISOString() },
            'most of a scope is gone without a reason: it is held, and served DEGRADED; "muster source release" accepts it',
          ),
        );
      }
      if (failures >= MISSED) {
        this.#note(now, `missed ${JSON.stringify(about)}`, about, () =>
          this.#logger.error(
            { ...about, failures, error },
            'a scope cannot be read again and again; its last good stays',
          ),
        );
      }
    }
  }

  #ofServices(now: Map<string, () => void>): void {
    for (const { service, held, source, scope, until } of this.#world.heldServices()) {
      const about = { service, source, scope };
      this.#note(now, `service ${service}`, about, () =>
        this.#logger.error(
          { ...about, held, until: new Date(until).toISOString() },
          'most endpoints of a service are gone without a reason: they are held, and served DEGRADED; "muster source release" accepts it',
        ),
      );
    }
  }

  #ofSecrets(secrets: readonly SecretStatus[], now: Map<string, () => void>): void {
    for (const { kind, secret = '', message } of secretAlarms(secrets)) {
      const about = { secret, alarm: kind };
      this.#note(now, `secret ${kind} ${secret} ${kind === 'expiring' ? message : ''}`, about, () =>
        this.#logger.error(about, message),
      );
    }
  }

  #note(now: Map<string, () => void>, key: string, about: object, log: () => void): void {
    now.set(key, () => {
      this.#raised.set(key, about);
      log();
    });
  }
}
