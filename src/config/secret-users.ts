import type { Config } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import { pathText } from './place.ts';
import { REFERENCES, stringsAt } from './references.ts';

/** One place in the config that names a secret. */
export interface SecretUser {
  /** `listeners/public` */
  readonly object: string;
  /** Inside the object: `tls.certificates[0].secret`. */
  readonly path: string;
  readonly origin: Origin;
}

type Place = 'sources' | 'secretStores' | 'listeners';

/** Who uses a secret: listeners for the proxies, sources and stores for muster itself. */
export function secretUsers(config: Config, secret: string): readonly SecretUser[] {
  return REFERENCES.filter(({ to }) => to === 'secrets').flatMap(({ from, path }) =>
    isPlace(from)
      ? [...config[from].values()].flatMap((one) => {
          const found = stringsAt('kind' in one ? { [one.kind]: one.options } : one, path, []);
          return found
            .filter(({ value }) => value === secret)
            .map((at) => ({ object: `${from}/${one.name}`, path: pathText(at.path), origin: one.origin }));
        })
      : [],
  );
}

function isPlace(from: string): from is Place {
  return from === 'sources' || from === 'secretStores' || from === 'listeners';
}
