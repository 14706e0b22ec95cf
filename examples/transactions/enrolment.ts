/** What the platform writes down, in a table of its own. */
export interface Enrolment {
  course: string
  learner: string
  /** Each seat of a course is taken once; the database looks at that when the transaction commits. */
  seat: number
}

/** The platform's table, in the database that Errand is on as well. */
export const SCHEMA = `
  CREATE TABLE enrolments (
    course text NOT NULL,
    learner text NOT NULL,
    seat int NOT NULL,
    PRIMARY KEY (course, learner),
    UNIQUE (course, seat) DEFERRABLE INITIALLY DEFERRED
  )`
