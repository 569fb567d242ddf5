export const title = 'Findings';
export function open(root, page) { return { async load() { return {}; }, show() {} }; }
