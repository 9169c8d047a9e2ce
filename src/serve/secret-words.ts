/** The problem of a secret where its name stands beside it already. */
export function withoutName(name: string, problem: string | undefined): string | undefined {
  const head = `secret "${name}": `;
  return problem?.startsWith(head) === true ? problem.slice(head.length) : problem;
}
