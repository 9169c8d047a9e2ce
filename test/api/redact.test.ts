import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactResource } from '../../src/api/redact.ts';
import { MARKER, TYPE_URLS } from './fake-view.ts';

describe('redactResource', () => {
  it.each([
    { genericSecret: { secret: { inlineString: MARKER } } },
    { genericSecret: { secrets: { a: { inlineBytes: MARKER } } } },
    { sessionTicketKeys: { keys: [{ inlineBytes: MARKER }] } },
    { tlsCertificate: { pkcs12: { inlineBytes: MARKER } } },
    { somethingNewer: [[MARKER]] },
  ])('takes every unknown leaf of a Secret for a secret: %j', (part) => {
    const shown = JSON.stringify(redactResource(TYPE_URLS.secret, { name: 's', ...part }));
    expect(shown).not.toContain(MARKER);
    expect(shown).toContain('[redacted]');
  });

  it('keeps certificates, which are public', () => {
    const secret = { name: 's', validationContext: { trustedCa: { inlineBytes: 'Q0E=' } } };
    expect(redactResource(TYPE_URLS.secret, secret)).toEqual(secret);
  });

  it('finds a key inside another type, and a Secret nested in it', () => {
    const nested = { '@type': TYPE_URLS.secret, genericSecret: { secret: { inlineString: MARKER } } };
    const json = { a: [{ privateKey: { inlineBytes: MARKER } }], b: { typedConfig: nested } };
    expect(JSON.stringify(redactResource(TYPE_URLS.cluster, json))).not.toContain(MARKER);
  });

  it('leaves everything else as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        fc.pre(!/privateKey|password|"@type"/i.test(JSON.stringify(json)));
        expect(redactResource(TYPE_URLS.cluster, { value: json })).toEqual({ value: json });
      }),
      { numRuns: 200 },
    );
  });
});
