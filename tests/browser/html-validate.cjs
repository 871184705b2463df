// How html-validate reads our pages: its recommended rules, and why some are off.
"use strict";
module.exports = { root: true, extends: ["html-validate:recommended"], rules: {} };
