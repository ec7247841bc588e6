/** The little of the host that the editor touches. */

export interface HostWidget {
  name: string;
  type?: string;
  value: unknown;
  element?: HTMLElement; // of a DOM widget
  serialize?: boolean; // false: not saved
  callback?: (value: unknown) => void;
  computeLayoutSize?: (node: HostNode) => { minHeight?: number; maxHeight?: number; minWidth: number };
}

export interface HostLink {
  origin_id: number | string;
  origin_slot: number;
  target_id: number | string;
  target_slot: number;
}

export interface HostGraph {
  _nodes: HostNode[];
  links: Map<number, HostLink>;
  rootGraph?: HostGraph;
  subgraphs?: Map<string, HostGraph>;
  events?: EventTarget; // of a subgraph
  getNodeById(id: number | string): HostNode | null | undefined;
}

export interface HostNode {
  id: number | string;
  type: string;
  mode?: number; // 0: active
  graph: HostGraph; // null while it lies on no canvas
  subgraph?: HostGraph;
  size: [number, number];
  properties: Record<string, unknown>;
  inputs?: { name: string; type: string; link?: number | null; widget?: { name: string } }[];
  outputs?: { name: string; type: string }[];
  widgets?: HostWidget[];
  addDOMWidget(name: string, type: string, element: HTMLElement, options: Record<string, unknown>): HostWidget;
  addWidget(
    type: string,
    name: string,
    value: unknown,
    callback: (value: unknown) => void,
    options: Record<string, unknown>,
  ): HostWidget;
  removeWidget(widget: HostWidget): void;
  setSize(size: [number, number]): void;
  computeSize(): [number, number];
  onResize?: (this: HostNode, size: [number, number]) => void;
  setDirtyCanvas(foreground: boolean, background: boolean): void;
}
