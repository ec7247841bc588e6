/** Registers the ω curve editor with the host. */

import { app } from "../../../scripts/app.js";
import { watchFace } from "./face.js";
import { addStyle } from "./style.js";
import { loadTexts } from "./texts.js";
import { TYPE, addOmegaCurve } from "./widget.js";

addStyle();
await loadTexts();

app.registerExtension({
  name: "noiserectification.OmegaCurve",
  getCustomWidgets: () => ({ [TYPE]: addOmegaCurve }),
  nodeCreated: watchFace,
});
