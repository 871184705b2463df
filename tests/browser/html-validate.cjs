// How html-validate reads our pages: its recommended rules, and why some are off.
"use strict";
module.exports = {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // The standard takes either case, and ours is lower throughout.
    "doctype-style": "off",
    // A title is the question as it was signed, whatever its length.
    "long-title": "off",
  },
};
