/**
 * Every word the app says, in English. Sentences with parts that vary are functions, so that another
 * language can order the parts and choose plurals as it needs. Dates and numbers come formatted.
 */
import { accountTexts } from "./en/account.ts";
import { appTexts } from "./en/app.ts";
import { listsTexts } from "./en/lists.ts";
import { tasksTexts } from "./en/tasks.ts";

export const en = { ...appTexts, ...tasksTexts, ...listsTexts, ...accountTexts };
