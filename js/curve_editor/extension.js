/** Registers the ω curve editor with the host. */

import { app } from "../../../scripts/app.js";
import { watchFace } from "./face.js";
import { addPanelText } from "./panel.js";
import { addStyle } from "./style.js";
import { loadTexts } from "./texts.js";
import { TYPE, addOmegaCurve } from "./widget.js";

addStyle();
await loadTexts();

app.registerExtension({
  name: "noiserectification.OmegaCurve",
  getCustomWidgets: () => ({ [TYPE]: addOmegaCurve }),
  nodeCreated(/** @type {import("./host").HostNode} */ node) {
    const curve = node.widgets?.find(({ type, element }) => type === TYPE && element);
    if (curve) addPanelText(node, curve);
    watchFace(node);
  },
});
