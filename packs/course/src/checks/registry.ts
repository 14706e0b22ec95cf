/** How bad a finding is. None of them stops an import by itself. */
export type Level = 'ERROR' | 'WARNING' | 'INFO'

/** One thing that can be wrong with a course. */
export interface Check {
  readonly level: Level
  /** The round of checks it belongs to: 1 structure, 2 policies, 3 names, 4 policy entries, 5 grading, 6 settings, 7 names shown, 8 links. */
  readonly step: number
  readonly meaning: string
  /** What to do about it. */
  readonly hint: string
}

function check(level: Level, step: number, meaning: string, hint: string): Check {
  return { level, step, meaning, hint }
}

/**
 * Every check by its code. The codes are those of the field's own checker, so that authors can look them up; the ones from
 * `BadAssetMetadata` on are ours.
 */
export const CHECKS = {
  CourseXMLDoesNotExist: check(
    'ERROR',
    1,
    'The course has no course.xml, or the library no library.xml.',
    'Pack the folder that holds course.xml, as an export from the authoring tool has it.',
  ),
  InvalidXML: check(
    'ERROR',
    1,
    'A file is not well-formed XML.',
    'Correct the file at the line given; a common cause is an unescaped & or <, or a tag that is not closed.',
  ),
  InvalidHTML: check(
    'ERROR',
    1,
    'An HTML file has mistakes that browsers have to guess about.',
    'Correct the HTML at the line given, usually by closing the tag or removing the stray one.',
  ),
  TagMismatch: check(
    'ERROR',
    1,
    'A file opens with another tag than the folder it is in.',
    'Change the tag, or move the file to the folder of its type and adapt what points to it.',
  ),
  InvalidPointer: check(
    'ERROR',
    1,
    'An empty tag has a url_name and other attributes, so it is neither a pointer nor content.',
    'Keep only url_name in the tag (in course.xml: url_name, org and course) and put the other attributes into the file it points to.',
  ),
  FileDoesNotExist: check(
    'ERROR',
    1,
    'A file that a tag points to is absent.',
    'Add the file, correct the name in the tag, or remove the tag.',
  ),
  SelfPointer: check(
    'ERROR',
    1,
    'A file holds only a pointer to itself.',
    'Put the content of the block into the file; the tag there needs no url_name.',
  ),
  PointerAlreadyPointedAt: check(
    'ERROR',
    1,
    'A file that is pointed at holds only a pointer to another.',
    'Let the first tag point to the second file directly.',
  ),
  UnexpectedTag: check(
    'ERROR',
    1,
    'A tag is where its type is not allowed.',
    'Move it to where it belongs: chapters in the course, sequentials in chapters, verticals in sequentials, the rest in verticals.',
  ),
  UnexpectedContent: check(
    'ERROR',
    1,
    'A container holds text, which nobody will see.',
    'Move the text into an html block, or make it a comment.',
  ),
  CourseXMLName: check(
    'WARNING',
    1,
    'The course begins with another file than course.xml.',
    'Rename the file to course.xml, so that every tool finds it.',
  ),
  EmptyTag: check('WARNING', 1, 'A block holds nothing.', 'Fill it or remove it; learners see an empty page.'),
  URLNameMismatch: check(
    'WARNING',
    1,
    'The url_name in a file differs from the name of the file.',
    'Remove the url_name from the tag in the file; the name of the file counts.',
  ),
  PossiblePointer: check(
    'WARNING',
    1,
    'A tag has its content inline although a file for it exists, which is not used.',
    'Remove the content to use the file, or remove the file.',
  ),
  PossibleHTMLPointer: check(
    'WARNING',
    1,
    'An html tag has its content inline although there is an HTML file for it, which is not used.',
    'Remove the content to use the file, or remove the file, and the filename if the tag has one.',
  ),
  NonFlatURLName: check(
    'WARNING',
    1,
    'A url_name names a folder by a colon.',
    'Move the file out of the folder and drop the part before the colon; learners lose their state of this block by it.',
  ),
  NonFlatFilename: check(
    'WARNING',
    1,
    'A filename names a folder by a colon.',
    'Move the file into html/ itself and drop the part before the colon.',
  ),
  DuplicateHTMLName: check(
    'INFO',
    1,
    'Two html tags take their content from one file.',
    'Copy the file if the two should be able to differ.',
  ),
  NoRunName: check(
    'ERROR',
    2,
    'The course has no url_name, which is the name of its run.',
    'Add url_name to the course tag in course.xml, for example url_name="2026_Fall".',
  ),
  PolicyNotFound: check(
    'ERROR',
    2,
    'A policy file is absent.',
    'Add the file; without it the course has default settings and grading.',
  ),
  BadPolicy: check(
    'ERROR',
    2,
    'A policy file is not JSON.',
    'Correct the file at the line given; common causes are single quotes and a comma after the last entry.',
  ),
  MissingURLName: check(
    'WARNING',
    3,
    'A block has no url_name, so its identity comes from its content.',
    'Give it a url_name; without one learners lose their state when the content changes.',
  ),
  DuplicateURLName: check('ERROR', 3, 'Two blocks have the same url_name.', 'Give one of them a url_name of its own.'),
  BadPolicyFormat: check(
    'ERROR',
    4,
    'A policy file is JSON but not an object.',
    'Write the policy as one object in braces, with entries such as "course/RUN".',
  ),
  PolicyRefNotFound: check(
    'WARNING',
    4,
    'A policy entry is for a block that does not exist.',
    'Remove the entry, or correct the name in it.',
  ),
  WrongObjectType: check(
    'ERROR',
    4,
    'A policy entry names a block of another type.',
    'Correct the type before the slash in the entry.',
  ),
  BadEntry: check(
    'ERROR',
    4,
    'A policy entry is not an object of settings.',
    'Write the settings of the block in braces.',
  ),
  SettingOverride: check(
    'WARNING',
    4,
    'The policy and the file of a block both set a setting.',
    'Keep the setting in one place; the policy wins.',
  ),
  GradingPolicyIssue: check(
    'ERROR',
    5,
    'The grading policy is not consistent.',
    'Correct the entry named; grades cannot be worked out reliably as it is.',
  ),
  InvalidSetting: check(
    'ERROR',
    6,
    'A setting is absent or has a value that means nothing.',
    'Give the setting a valid value, or remove it to use the default.',
  ),
  DateOrdering: check(
    'WARNING',
    6,
    'Dates are out of order.',
    'Check both dates; learners may be unable to see or hand in their work.',
  ),
  MissingFile: check(
    'WARNING',
    6,
    'A file in static/ that the course refers to is absent.',
    'Add the file to static/, or correct the reference.',
  ),
  Obsolete: check(
    'INFO',
    6,
    'A block is written in a way that is no longer used.',
    'It still works; change it when you next edit it.',
  ),
  LTIError: check(
    'ERROR',
    6,
    'An external tool is not set up in the course.',
    'Add the passport to lti_passports and the module to advanced_modules in the advanced settings of the course.',
  ),
  MissingDisplayName: check(
    'WARNING',
    7,
    'A block has no display_name.',
    'Add a display_name; learners see a default such as the type of the block.',
  ),
  ExtraDisplayName: check(
    'WARNING',
    7,
    'A block has a display_name that is not shown.',
    'Remove the display_name; the block takes its title from its content.',
  ),
  DuplicateID: check(
    'ERROR',
    7,
    'Two discussions have the same discussion_id, so they share their posts.',
    'Give one of them a discussion_id of its own.',
  ),
  BadJumpToLink: check(
    'WARNING',
    8,
    'A /jump_to_id/ link leads to no block.',
    'Correct the url_name in the link, or remove the link.',
  ),
  BadCourseLink: check(
    'WARNING',
    8,
    'A link into the course leads nowhere.',
    'Link by /jump_to_id/ and the url_name, which survives moving the block.',
  ),
  BadAssetMetadata: check(
    'WARNING',
    1,
    'policies/assets.json does not hold one object.',
    'Remove the file, or export the course again; the files in static/ are kept all the same.',
  ),
  BadUpdates: check(
    'WARNING',
    1,
    'The list of the updates of the course cannot be read.',
    'Correct the file: it is a JSON list of objects with id, date, content and status; it is kept as it is.',
  ),
  DraftWithoutParent: check(
    'WARNING',
    1,
    'An unpublished block is part of nothing that exists.',
    'Correct its parent_url, or remove the file; it is kept, but authors do not see it.',
  ),
  TooLarge: check(
    'ERROR',
    1,
    'The course exceeds a limit of the reader.',
    'Split the course; what lies beyond the limit is kept but not checked.',
  ),
  UnreachedFile: check(
    'INFO',
    1,
    'Nothing leads to a file of a block, so it is not part of the course.',
    'Remove the file, or add a tag that points to it; it is kept as it is.',
  ),
  UnknownBlock: check(
    'INFO',
    1,
    'A block is of a type that is not known here.',
    'Nothing, if the platform has it installed; it is kept byte for byte, and was not checked.',
  ),
  UnknownTab: check(
    'WARNING',
    4,
    'A tab of the course is of a kind that is not known here.',
    'Correct or remove the tab in the advanced settings of the course, if it does not show; it is kept as it is.',
  ),
  MissingTab: check(
    'WARNING',
    4,
    'A page of the course that its tabs name is absent.',
    'Add the file to tabs/, or remove the tab in the advanced settings of the course.',
  ),
  ArchiveRefused: check(
    'ERROR',
    1,
    'The archive cannot be imported.',
    'Do what the message says and import again; the course is as it was.',
  ),
  RenamedBlock: check(
    'WARNING',
    3,
    'A block could not keep its name, as another of its type has it.',
    'Give it a url_name of its own, so that it keeps the identity you choose.',
  ),
} as const satisfies Record<string, Check>

export type CheckCode = keyof typeof CHECKS
