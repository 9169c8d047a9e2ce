/** Settings from `MUSTER_*`; an empty variable counts as absent. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const {
    MUSTER_NODE_TLS_CERTIFICATE: certificate,
    MUSTER_NODE_TLS_PRIVATE_KEY: privateKey,
    MUSTER_NODE_TLS_CA: ca,
  } = env;
  const plain = env['MUSTER_ALLOW_PLAINTEXT'];
  const nodeTls = present({ certificate, privateKey, ca });
  return present({
    config: env['MUSTER_CONFIG'],
    state: env['MUSTER_STATE'],
    seal: sealKey(env),
    xds: env['MUSTER_XDS'],
    api: env['MUSTER_API'],
    apiTokenFile: env['MUSTER_API_TOKEN_FILE'],
    logLevel: env['MUSTER_LOG_LEVEL'],
    nodeTls: Object.keys(nodeTls).length > 0 ? nodeTls : undefined,
    trustDomain: env['MUSTER_TRUST_DOMAIN'],
    nodeDenylist: env['MUSTER_NODE_DENYLIST'],
    operators: env['MUSTER_OPERATORS']?.split(',').map((one) => one.trim()),
    auditFile: env['MUSTER_AUDIT_FILE'],
    allowPlaintext: plain === 'true' ? true : plain === 'false' ? false : plain,
  });
}

function sealKey(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> | undefined {
  const given = present({
    keyFile: env['MUSTER_SEAL_KEY_FILE'],
    environment: (env['MUSTER_SEAL_KEY'] ?? '') === '' ? undefined : 'MUSTER_SEAL_KEY',
  });
  return Object.keys(given).length > 0 ? given : undefined;
}

export function present(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== ''),
  );
}
