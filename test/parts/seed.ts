import fc from 'fast-check';

/**
 * In CI the property tests take the same path in every run, so that a change is judged by what it
 * changed. Everywhere else each run looks somewhere new; a failure prints its seed.
 */
if (process.env['CI'] !== undefined) fc.configureGlobal({ seed: 20_261_121 });
