// The entry of every page. Each module listens on the document, so fragments that arrive later need no wiring.
import "./keys.js";
import "./autosave.js";
import "./focus.js";
import "./notices.js";
import "./copy.js";
import "./criteria.js";
import "./charts.js";
import "./choices.js";
import "./needs.js";
import "./preview.js";
