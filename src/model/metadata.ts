import type { Service } from './config.ts';
import type { EndpointMetadata } from './instance.ts';

/** What a service's `metadata` chooses of labels; undefined where that is nothing. */
export function chooseMetadata(
  choice: Service['metadata'],
  labels: Readonly<Record<string, string>>,
): EndpointMetadata | undefined {
  if (choice === undefined) return undefined;
  const chosen: [string, string][] = [];
  for (const [key, names] of choice) {
    const name = names.find((one) => Object.hasOwn(labels, one));
    const value = name === undefined ? undefined : labels[name];
    if (value !== undefined) chosen.push([key, value]);
  }
  return chosen.length === 0 ? undefined : chosen;
}
