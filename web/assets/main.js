// What makes the pages quicker to use. Each of them works without.
import { copyButtons } from "./copy.js";
import { localTimes } from "./times.js";
import { searchAsYouType } from "./search.js";
import { followChanges } from "./live.js";
import { previewAsYouType } from "./preview.js";
import { connectInPlace } from "./connect.js";
import { openDialogs } from "./dialog.js";
import { easyFields } from "./fields.js";
import { onPage } from "./page.js";

onPage(localTimes);
onPage(easyFields);
onPage(connectInPlace);
openDialogs();
onPage(copyButtons);
searchAsYouType();
followChanges();
previewAsYouType();
