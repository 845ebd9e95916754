/** The shapes of answers about venues. */
import { Type } from 'typebox'
import { Day, Instant, Link, listOf, orNull, Text, TextOrNull, Whole } from '../platform/shape.ts'

const InstantOrNull = (description: string) => orNull(Type.String({ format: 'date-time' }), description)
const BooleanOrNull = (description: string) => orNull(Type.Boolean(), description)

export const venueFacts = {
  id: Text('Code of the venue in its dataset.'),
  dataset: Text('Slug of the dataset.'),
  name: Text('The school.'),
  facility: Text('The facility that is open.'),
  facilityType: TextOrNull('Type of the facility; a code.'),
  activities: listOf(Type.String(), 'What can be done there; codes.'),
  district: TextOrNull('District; a code.'),
  address: TextOrNull('Postal address.'),
  longitude: Type.Number({ description: 'Degrees east, WGS-84.' }),
  latitude: Type.Number({ description: 'Degrees north, WGS-84.' }),
  indoor: BooleanOrNull('Whether it is under a roof.'),
  lights: BooleanOrNull('Whether there are lights after dark.'),
  surface: TextOrNull('Surface; a code.'),
  capacity: orNull(Type.Integer(), 'The most people at a time.'),
  accessibility: TextOrNull('What makes it accessible.'),
  free: BooleanOrNull('Whether nothing is charged.'),
  fee: TextOrNull('What is charged.'),
  feeAmount: orNull(Type.Number(), 'Amount of the fee in yuan.'),
  feeUnit: TextOrNull('What the amount is charged for; a code.'),
  booking: TextOrNull('How to book.'),
  bookingUrl: TextOrNull('Where to book.'),
  phone: TextOrNull('Telephone for questions.'),
  notes: TextOrNull('What else one should know.'),
}

const openness = {
  state: Type.Enum(['open', 'closed', 'not-known'], {
    description: '`not-known` if no calendar says what kind of day it is and the hours depend on that.',
  }),
  openUntil: InstantOrNull('When it closes; null unless it is open at `at`.'),
  opensAt: InstantOrNull('When it opens next, within 92 days; null if it is open, or if that is not known.'),
  why: orNull(
    Type.Enum(['hours', 'closure', 'not-valid', 'closes-before', 'calendar']),
    'Why it is not open; null if it is.',
  ),
  reason: TextOrNull('The reason of the closure in force; null if there is none.'),
  text: Text('The state in a few words, in the language asked for.'),
}

const Basis = Type.Object(
  {
    editions: listOf(
      Type.Object({
        dataset: Text('Slug of the dataset.'),
        edition: Text('Name of the edition.'),
        version: Whole('Number of the version.'),
        href: Link('The version.'),
      }),
      'The versions whose records were used: that of the edition that has begun last.',
    ),
    calendars: listOf(
      Type.Object({
        dataset: Text('Slug of the calendar.'),
        edition: Text('Name of the edition.'),
        version: Whole('Number of the version.'),
        href: Link('The version.'),
      }),
      'The calendars that say what kind of day it is.',
    ),
    contradictions: listOf(Day('A day.'), 'Days on which calendars contradict themselves.'),
    closures: Type.Object(
      {
        changes: Whole('Position in the change log of the last closure that was used; 0 if there is none.'),
        href: Link('The closures in the feed of changes.'),
      },
      { description: 'The closures that were used.' },
    ),
  },
  { description: 'What the answer rests on.' },
)

export const OpenSchema = Type.Object({
  at: Instant('The moment asked about, cut to the minute.'),
  until: InstantOrNull('Until when a venue must be open; null if not asked.'),
  data: listOf(
    Type.Object({
      ...venueFacts,
      distance: orNull(Type.Integer(), 'Metres from the place; null without a place.'),
      ...openness,
      href: Link('The venue.'),
    }),
    'The venues, the nearest first; without a place by code.',
  ),
  meta: Type.Object(
    { matched: Whole('Venues that match.'), limit: Whole('The most venues in an answer.') },
    { description: 'Counts.' },
  ),
  basis: Basis,
})

export const ClosureSchema = Type.Object({
  id: Text('Id of the closure.'),
  venue: Text('Code of the venue.'),
  kind: Type.Enum(['closed', 'open'], { description: '`closed`, or `open` for a one-off opening.' }),
  from: Instant('When it begins.'),
  until: InstantOrNull('When it ends; null until it is removed.'),
  reason: Text('The reason, which is public.'),
})

export const VenueSchema = Type.Object({
  ...venueFacts,
  ...openness,
  at: Instant('The moment of the state, cut to the minute.'),
  hours: listOf(
    Type.Object({
      days: listOf(Type.String(), 'Day types and weekdays on which the session is held; codes.'),
      except: listOf(Type.String(), 'Day types and weekdays without it; codes.'),
      opens: Text('Beginning, local time.'),
      closes: Text('End, local time.'),
      season: TextOrNull('Days of the year, MM-DD/MM-DD; null for the whole year.'),
      validFrom: TextOrNull('First valid day; null without one.'),
      validUntil: TextOrNull('Last valid day; null without one.'),
      activities: listOf(Type.String(), 'What can be done in it; codes.'),
    }),
    'The sessions as published.',
  ),
  closures: listOf(ClosureSchema, 'Closures and one-off openings that have not ended.'),
  basis: Basis,
  links: Type.Object(
    {
      self: Link('This venue.'),
      sessions: Link('Its sessions by day.'),
      calendar: Link('Its sessions as iCalendar.'),
    },
    { description: 'Addresses.' },
  ),
})

export const SessionsSchema = Type.Object({
  id: venueFacts.id,
  dataset: venueFacts.dataset,
  from: Day('The first day.'),
  days: Whole('How many days.'),
  data: listOf(
    Type.Object({
      date: Day('The day.'),
      weekday: Text('Mo to Su.'),
      kind: orNull(
        Type.Enum(['working', 'make-up', 'weekend', 'holiday', 'vacation']),
        'What kind of day it is; null if no calendar covers it.',
      ),
      sessions: orNull(
        Type.Array(
          Type.Object({
            from: Instant('Beginning.'),
            until: Instant('End.'),
            activities: listOf(Type.String(), 'What can be done in it; codes.'),
          }),
        ),
        'Open time that begins on the day, less closures; null if it depends on what kind of day it is.',
      ),
    }),
    'One entry a day.',
  ),
  basis: Basis,
})
