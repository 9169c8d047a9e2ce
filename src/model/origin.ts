/** The user's object that something was made from, and where it stands. */
export interface Origin {
  /** Collection and name: `httpRoutes/shop`. */
  readonly object: string;
  /** Absent for what muster adds by itself. */
  readonly file?: string | undefined;
  /** 1-based. */
  readonly line?: number | undefined;
}
