/** What the errors of the app framework do not say by themselves. */

/** What each code of a `UsageError` says about the app. */
export const appUsageCodes: Readonly<Record<string, string>> = {
  FOREIGN_RESPONSE: 'A cookie was set on `was` in an app of another framework, which makes its response by itself.',
  HEAD_SENT:
    'A header field, a cookie, a message, or a session that is not kept in a store was changed behind the head of the response: in a stream, or in a WebSocket.',
}
