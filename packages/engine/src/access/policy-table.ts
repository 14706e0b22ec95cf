/** What can be asked of the policy. */
export const actions = [
  'start',
  'view',
  'view-input',
  'read-artifact',
  'cancel',
  'retry',
  'extend',
  'delete',
  'delete-task',
  'administer',
] as const
export type Action = (typeof actions)[number]

/**
 * How somebody stands to a task:
 *
 * * `owner` started it, and may still start such tasks;
 * * `former-owner` started it, and may not any more: the membership that it took is gone;
 * * `team` and `scope-staff` have a role in what the task is about;
 * * `staff` runs the platform;
 * * `stranger` is signed in, and none of these.
 */
export const standings = ['owner', 'former-owner', 'team', 'scope-staff', 'staff', 'stranger'] as const
export type Standing = (typeof standings)[number]

/** `declared`: as the definition says, who may start it and how far each output is seen. */
export type Rule = 'yes' | 'no' | 'declared'

/** The policy, all of it. Tests are generated from it; `access.ts` asks it; nothing else decides. */
export const policy: Readonly<Record<Action, Readonly<Record<Standing, Rule>>>> = {
  // Who starts a task does not own it yet: only roles count.
  start: rules('no', 'no', 'declared', 'declared', 'yes', 'declared'),
  // A team finds the tasks of definitions that make something for it.
  view: rules('yes', 'yes', 'declared', 'yes', 'yes', 'no'),
  'view-input': rules('yes', 'no', 'no', 'yes', 'yes', 'no'),
  'read-artifact': rules('yes', 'no', 'declared', 'declared', 'yes', 'no'),
  // Ending what one has begun harms nobody, whatever else one has lost.
  cancel: rules('yes', 'yes', 'no', 'yes', 'yes', 'no'),
  retry: rules('yes', 'no', 'no', 'yes', 'yes', 'no'),
  extend: rules('yes', 'no', 'no', 'declared', 'yes', 'no'),
  delete: rules('yes', 'no', 'no', 'declared', 'yes', 'no'),
  // All of its files go with it, those of its owner alone too, and its history.
  'delete-task': rules('yes', 'no', 'no', 'no', 'yes', 'no'),
  administer: rules('no', 'no', 'no', 'no', 'yes', 'no'),
}

function rules(owner: Rule, formerOwner: Rule, team: Rule, scopeStaff: Rule, staff: Rule, stranger: Rule) {
  return { owner, 'former-owner': formerOwner, team, 'scope-staff': scopeStaff, staff, stranger }
}
