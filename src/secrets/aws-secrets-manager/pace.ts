/** What is asked for within this goes together. */
export const GATHER_MS = 20;
/** How long a permission that is missing is not tried again. */
export const DENIED_MS = 600_000;
