export const title = 'Tuning';
export function open(root, page) { return { async load() { return {}; }, show() {} }; }
