export const title = 'Interactions';
export function open(root, page) { return { async load() { return {}; }, show() {} }; }
