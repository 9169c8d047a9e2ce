/** The body of a 404 whose words name the nearest thing there is. */
export function notFound(message: string) {
  return { error: { code: 'not_found', message } };
}
