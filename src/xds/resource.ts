/** One xDS resource as it goes over the wire. Immutable; `bytes` are never written to. */
export interface Resource {
  readonly name: string;
  /** Content hash, or an HMAC for a secret: equal versions mean equal bytes. */
  readonly version: string;
  /** The serialized message (the `value` of its Any). */
  readonly bytes: Uint8Array;
  /** Opaque to this library: whatever the owner wants to read back beside a NACK. */
  readonly origin?: unknown;
  /**
   * Clusters that a listener or a route configuration names. Where given, it is not sent before
   * the stream has ACKed them (make before break).
   */
  readonly clusters?: readonly string[] | undefined;
}
