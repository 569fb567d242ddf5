// Requests to the tab's own routes.

const BASE = new URL('../', import.meta.url);

// The JSON of a route; what is wrong stands under `problem`.
export async function get(route, asked) {
  const url = new URL(route, BASE);
  for (const [key, value] of Object.entries(asked)) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(key, value);
  }
  const answer = await fetch(url, { cache: 'no-store' });
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return { problem: `TensorBoard answered ${answer.status} to ${route}.` };
  }
}
