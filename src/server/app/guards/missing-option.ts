/** What is said when a guard lacks something. */

/** A guard needs an option that none of the apps has that its route lies in. */
export class MissingOptionError extends TypeError {}
