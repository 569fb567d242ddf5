export const title = 'Gradients';
export function open(root, page) { return { async load() { return {}; }, show() {} }; }
