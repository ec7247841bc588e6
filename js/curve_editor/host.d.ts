/** The little of the host that the editor touches. */

export interface HostWidget {
  name: string;
  value: unknown;
  callback?: (value: unknown) => void;
  computeLayoutSize?: (node: HostNode) => { minHeight?: number; maxHeight?: number; minWidth: number };
}

export interface HostNode {
  id: number | string;
  type: string;
  graph: unknown;
  size: [number, number];
  properties: Record<string, unknown>;
  inputs?: { name: string; type: string; link?: number | null; widget?: { name: string } }[];
  outputs?: { name: string }[];
  widgets?: HostWidget[];
  getInputNode(slot: number): HostNode | null;
  getOutputNodes(slot: number): HostNode[] | null;
  addDOMWidget(name: string, type: string, element: HTMLElement, options: Record<string, unknown>): HostWidget;
  onResize?: (this: HostNode, size: [number, number]) => void;
  setDirtyCanvas(foreground: boolean, background: boolean): void;
}
