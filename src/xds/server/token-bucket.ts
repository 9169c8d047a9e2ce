/** `take` is true while the rate holds; `perSecond` refills, `burst` is the most that may come at once. */
export interface TokenBucket {
  take(now: number): boolean;
  /** True when it is full again and can be forgotten. */
  idle(now: number): boolean;
}

export function createTokenBucket(perSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let last: number | undefined;
  const refill = (now: number): void => {
    tokens = Math.min(burst, tokens + ((now - (last ?? now)) / 1000) * perSecond);
    last = now;
  };
  return {
    take(now) {
      refill(now);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    idle(now) {
      refill(now);
      return tokens >= burst;
    },
  };
}
