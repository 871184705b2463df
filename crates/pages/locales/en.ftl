# English. The same ids and variables stand in every file here; a test compares them.

## Every page
languages = Languages
error-title = Error: { $title }
moment = { $moment } UTC
percent = { $value }{"\u00A0"}%
no-figure = –
contact = Questions: { $name }
see-results = See the results so far
all-polls = All polls of this site

## Where a poll stands
state-not-yet-open = The poll has not begun. It opens on { $moment }.
state-open = The poll is open until { $moment }.
state-paused = The poll is paused. No answers are taken now; please open the link again later.
state-closed = The poll closed on { $moment }. No more answers are taken.
state-annulled = The poll was annulled and counts for nothing. Reason: { $reason }
entries-lost = { $count ->
    [one] { $count } entry that had been confirmed was lost, and the operator signed for that in the register.
   *[other] { $count } entries that had been confirmed were lost, and the operator signed for that in the register.
} Answers among them are not counted; whoever kept the promise for theirs can show that it is missing.
may-close-early = By its rules the operator may close it earlier.
could-close-early = By its rules the operator could have closed it at any time.

## Who is behind it
who-heading = Who is asking?
who-asks = Asked by: { $sponsor }.
who-conducts = Conducted by: { $conductor }.
who-runs = This site, { $domain }, is run by: { $platform }.
who-funds = Paid for by: { $funder }.
who-sends = The messages are sent by: { $sender }.
why-you = Why were you invited?
definition-link = The signed definition: wording, sample, dates and rules

## The answer
send-answer = Send my answer
send-change = Change my answer
recorded-heading = What is recorded?
recorded-what = Your answer, without your name or number, in a public register that anyone can check. It stays there for ever and cannot be taken out again.
learn-heading = What can others learn from it?
learn-open = Everyone can read each answer there, with a rounded time and the group it was drawn from (such as a governorate), but without a name or number.
learn-sealed = Everyone can read each answer there, with a rounded time, but without a name or number. The group it was drawn from (such as a governorate) is sealed; after the close, groups with enough answers are opened.
rests-on-link-reader = Whoever has your message can read your answer in the public register, for ever. Whoever runs the platform could answer for people who opened their link.
tokens-by-platform = The platform also made the links, so it could answer for people who never opened theirs.
tokens-by-sender = Whoever sends the messages made the links, so could answer for people who never opened theirs.
order-differs = The order of the options differs from person to person, and is recorded with the answer.
counted-link = How your answer is counted
real-heading = Is this message real?
real-how = Type { $domain } into your browser yourself and look for the poll “{ $poll }”.

## What was wrong with the answer
error-heading = Your answer was not recorded
error-nothing-chosen = Choose one answer, then send it.
error-two-chosen = More than one answer arrived. Choose one, then send it.
error-not-on-ballot = What arrived is not one of the answers offered. Choose one of those below, then send it.
error-changed-meanwhile = The answer of this link was changed after you opened this page. Look at the answer that stands, then change it if you wish.
error-not-taken-now = The poll takes no answers now.
you-had-chosen = You had chosen: { $option }

## The answer that stands
answered-heading = This link was answered
your-code = Your code:
promise-download = Save the promise
promise-meaning = Whoever has the register can find your answer in it by its code. The promise is a small signed file: it proves that your answer was taken, even against us.
present-choice = Your answer now: { $option }
changes-left = { $count ->
    [0] Your answer is final.
    [one] You can change it once more.
   *[other] You can change it { $count } more times.
}

## After sending
recorded-title = Your answer is recorded
recorded-durable = It is in the register.
link-again = Opening your link again shows this code and the receipt.
public-within = { $minutes ->
    [one] It becomes public together with others, usually within { $minutes } minute.
   *[other] It becomes public together with others, usually within { $minutes } minutes.
}
next-heading = What happens next
next-due = By { $moment } at the latest your answer stands in the public register. If it does not, your promise proves it.
next-closes = The poll is open until { $moment }.
next-closes-at-latest = The poll is open until { $moment } at the latest; the operator may close it earlier.
next-change = Change your answer
your-question = The question

## No more messages
stop-link = No more messages about this poll
stop-title = No more messages about this poll?
stop-what = After you press the button, no invitation to this poll and no reminder of it is sent to you.
stop-on-its-way = A message that is already on its way may still arrive.
stop-answer-stays = This is about messages alone: it neither withdraws an answer nor prevents one, and your link goes on working.
stop-send = Send me no more messages
stop-done = You will get no more messages about this poll
stop-over = This poll is over, and no more messages about it are sent
stop-back = Back to the question

## Results
figures-heading = Answers
published-at = Last published: { $moment }.
published-never = Nothing has been published yet.
response-rate = { $answers } of { $invited } invitations were answered: { $rate }
planned-of-invited = { $count ->
    [one] { $count } invitation belongs to the waves begun so far.
   *[other] { $count } invitations belong to the waves begun so far.
}
answers-of-invited = Answers: { $answers } of { $invited } invitations.
ledger-size = { $count ->
    [one] The register has { $count } published entry.
   *[other] The register has { $count } published entries.
}
column-option = Answer
column-answers = Answers
column-share = Share of answers
column-stratum = Stratum
column-invited = Invitations
column-response = Response rate
row-total = All answers
rests-heading = What it rests on
rests-on-link = Whoever runs the platform could have answered for people who opened their link. Answers that anybody else adds or changes are found by every audit; a dropped one is found with the promise of whoever gave it.
counts-not-estimate = The figures count those who answered. They are not weighted and are no estimate for the population.
counted-heading = How answers are counted
counted-entry = Every answer is an entry of the register, tied to all entries before it, so that anyone can find a later change or removal.
counted-once = Every invitation counts once, with its last answer.
counted-sum = The figures are nothing but the count of these entries, and anyone can count them again.
counted-yours = Your receipt proves, on your own device, that your answer is among them.
first-heading = By first answer
first-meaning = Answers may be changed in this poll, and the last one counts. These are the first ones.
sealed-heading = Sealed strata
sealed-until-close = Which stratum an invitation belongs to is sealed. After the close the figures of those strata are opened that have enough answers.
sealed-stay-closed = { $count ->
    [one] One stratum stays closed for ever, so that nobody can read what few people answered.
   *[other] { $count } strata stay closed for ever, so that nobody can read what few people answered.
}
strata-heading = By stratum
strata-meaning = The percentage below each count is its share of the answers in that stratum. The response rate is of its invitations.
check-heading = Check this yourself
check-lead = The figures above are nothing but a recount of the public register. Recount it on your own machine:
check-key = Take the operator’s key from the operator, not from this page, and compare.
check-anchor = Note down today’s end of the register. Given to a later audit, it shows whether the past was rewritten:
check-offline = Or download the register, and check it without us:
check-export = The whole register (export)
check-roster = The roster of invitations
check-json = These figures as JSON
term-origin = Origin
term-poll-id = Poll id
term-operator-key = Operator’s key
method-heading = How the poll was made
method-strategy = Strategy
method-population = Population
method-frame = Frame
method-coverage-gaps = Not covered by the frame
method-sampling = Sampling
method-probability = Probability sample
probability-known = Yes: everybody in the frame had a known chance to be drawn.
probability-unknown = No: not everybody in the frame had a known chance to be drawn.
method-recruitment = Recruitment
method-mode = Mode
method-planned = Invitations planned
method-precision = Precision
method-weighting = Weighting
method-weighting-targets = Source of the weighting figures
method-processing = Processing of answers
method-exclusions = Left out
method-limitations = Limitations

## Front page
home-title = Polls on { $domain }
home-lead = Every answer is an entry of a public register, and every figure can be recounted from it.
home-empty = There is no poll yet.

## Checking a receipt
verify-title = Check a receipt
verify-lead = Choose the receipt or promise that you kept. It is checked here, in your browser; nothing of it is sent anywhere.
verify-needs-script = This page checks by a script, which does not run in your browser. Check with the program instead, on any computer:
verify-needs-https = Browsers do their hashing on https pages alone, and this page was not opened with https. Open it with https://, or check with the program:
verify-file = Receipt or promise (a file; you can also drop it on this page)
verify-text = Or its text
verify-trust-heading = Whom do you trust?
verify-trust-lead = Not required. A policy file says which log and which witnesses you believe; the log’s or the promise’s key alone will do as well. Get it from somebody other than this site.
verify-trust-file = Policy (a file)
verify-trust-text = Or the text of the policy, or keys
verify-check = Check
verify-whose-script = The script that checks comes from this site. Whoever doubts the site takes the same page of another one, or the program on a computer of their own:
verify-receipt-good = The receipt is good
verify-receipt-unpinned = The receipt is good, by this site’s own key
verify-receipt-unsigned = Not verified
verify-promise-good = The promise is genuine
verify-promise-unpinned = The promise is genuine, by this site’s own key
verify-promise-unsigned = Not verified
verify-receipt-means = This answer stands in the register of this poll, as this entry, under the checkpoint named below.
verify-entry-means = This entry stands in the register of this poll, under the checkpoint named below. It is not an answer.
verify-by-policy = The log’s key is pinned by your policy, and the checkpoint is cosigned as your policy asks.
verify-by-policy-alone = The log’s key is pinned by your policy, which asks for no witness.
verify-by-key = The key is pinned: it is one that you gave.
verify-by-site = Not pinned: you gave no policy or key for it, so this shows only that whoever holds this key signed it.
verify-by-nobody = You gave no key for it, and this site knows none, so no signature was checked: anyone could have made this file. Give the poll’s policy or key.
verify-no-witness = No witness that you trust cosigned it.
verify-still-counts = Whether this invitation changed its answer later, this file alone does not say; the register does.
verify-promise-means = The platform signed that this answer stands in the public register by { $moment } at the latest.
verify-promise-pending = That time is not past yet.
verify-promise-past = That time is past. If the register does not have the answer by now, this file proves that the promise was broken: hand it to { $address }.
verify-wrong = This does not hold
verify-unusable = The policy or key cannot be used
verify-step-file = It is neither a receipt nor a promise.
verify-step-receipt-form = It begins as a receipt, but is not written as one: it was damaged or altered.
verify-step-promise-form = It begins as a promise, but is not written as one: it was damaged or altered.
verify-step-policy = Nothing was checked by it, so this says nothing of the receipt or promise. Get the policy or key again from whoever gave it to you, and check once more.
verify-step-signature = The signature in the name of { $name } is wrong: the file was altered, or { $name } never signed it.
verify-step-not-signed = None of the keys that are known for { $name } signed it.
verify-step-unknown-log = Among the keys that you gave there is none for { $name }.
verify-step-quorum = Too few of the witnesses of your policy cosigned it.
verify-step-inclusion = The entry does not lead to the root that was signed: the answer, its place or the proof was altered.
verify-step-entry = The log has these bytes at this place, but they are no entry that this version knows.
verify-step-entry-index = The entry names another place in the register than the receipt does.
verify-step-promise-answer = The promise is for another answer than the one beside it.
verify-step-defect = Something broke in this page before the check was done. Check with the program, and please report it.
verify-row-answer = Answer
verify-row-question = Question
verify-row-code = Code
verify-row-invitation = Invitation (place in the roster)
verify-row-revision = Revision
verify-row-kind = What the entry is
verify-row-poll = Poll (origin)
verify-row-poll-id = Poll id
verify-row-entry = Entry
verify-row-recorded = Recorded
verify-row-size = Entries under the checkpoint
verify-row-root = Root of the checkpoint
verify-row-signed = Signed by (name, key id)
verify-row-missing = Not signed by
verify-row-cosigned = Cosigned by (name, key id, time)
verify-row-due = Due
verify-row-line = Line
verify-row-expected = Expected
verify-row-found = Found

## The receipt of one's answer
receipt-title = Your receipt
receipt-download = Save the receipt
receipt-is-promise = Your answer is not published yet, so for now this is the promise for it. From the next publication on, the same address gives the receipt.
receipt-is-proof = Your answer is published. The receipt proves for ever that it stands in the register, to anyone and without us.
receipt-meaning = Once answers are published, the receipt proves to anyone and without us that yours stands in the register; until then it is the promise.
receipt-as-code = Show the receipt, also as a QR code
receipt-code-heading = As a QR code
receipt-code-what = Another device can take the receipt from this code as text.
receipt-code-label = The receipt as a QR code
receipt-code-too-long = This receipt is too long for one QR code. Save the file instead.
receipt-shows-answer = Whoever has the receipt can read your answer in it.
receipt-check-heading = How to check it
receipt-check-how = Choose the saved file on the page below; it is checked in the browser, and nothing is sent. Any other site of this kind has the same page.
receipt-check-link = Check a receipt
receipt-back = Back to your answer

## Problems
problem-unknown-link-what = This link is not known here
problem-unknown-link-why = No invitation of this site has this link. It may have been copied incompletely, or belong to another site.
problem-unknown-link-next = Open the link from your message again, or type it as it stands there.
problem-malformed-link-what = This link is not complete
problem-malformed-link-why = A personal link ends in 20 letters and digits. This one does not.
problem-malformed-link-next = Open the link from your message again, or type it as it stands there.
problem-too-large-what = Too much was sent
problem-too-large-why = An answer has at most { $number } bytes. Nothing was recorded.
problem-too-large-next = Open the link from your message and answer on the page.
problem-not-a-form-what = What arrived is not an answer
problem-not-a-form-why = The answer must come from the form of the page. Nothing was recorded.
problem-not-a-form-next = Open the link from your message and answer on the page.
problem-not-utf8-what = What arrived cannot be read
problem-not-utf8-why = It is not text in UTF-8. Nothing was recorded.
problem-not-utf8-next = Open the link from your message and answer on the page.
problem-timeout-what = Your answer did not arrive in time
problem-timeout-why = Sending took more than { $number } seconds. Nothing was recorded.
problem-timeout-next = Go back and send it again. Sending twice does no harm.
problem-busy-what = Too many answers at once
problem-busy-why = Many people are answering now. Your answer was not recorded.
problem-busy-next = { $number ->
    [one] Go back and send it again in { $number } second. Sending twice does no harm.
   *[other] Go back and send it again in { $number } seconds. Sending twice does no harm.
}
problem-stopped-what = No answers can be taken now
problem-stopped-why = The service has stopped, so that nothing is lost. Answers recorded before are safe; yours was not recorded now.
problem-stopped-next = Please open the link from your message again later.
problem-not-on-ballot-what = This answer is not offered
problem-not-on-ballot-why = What arrived is not one of the answers to this question. Nothing was recorded.
problem-not-on-ballot-next = Open the link from your message and choose one of the answers.
problem-two-chosen-what = More than one answer arrived
problem-two-chosen-why = The question takes one answer. Nothing was recorded.
problem-two-chosen-next = Open the link from your message and choose one.
problem-answered-otherwise-what = This link was answered differently before
problem-answered-otherwise-why = The earlier answer stands and cannot be changed. Nothing was recorded now.
problem-answered-otherwise-next = Open the link from your message to see the code of the answer that stands.
problem-changed-meanwhile-what = The answer was changed meanwhile
problem-changed-meanwhile-why = The answer of this link was changed after you opened the page. Nothing was recorded now.
problem-changed-meanwhile-next = Open the link from your message, look at the answer that stands, and change it if you wish.
problem-not-found-what = There is no such page
problem-not-found-why = The address may be mistyped, or the page was never here.
problem-not-found-next = Go to the front page.
problem-wrong-method-what = This address takes no such request
problem-wrong-method-why = The page is there, but not for what was asked of it. Nothing was recorded.
problem-wrong-method-next = Open the link from your message, or go to the front page.
problem-clock-what = The service’s clock is wrong
problem-clock-why = It jumped back, so that no answer could be given a time. Yours was not recorded.
problem-clock-next = Please open the link from your message again later.
problem-stop-not-recorded-what = Your wish was not recorded
problem-stop-not-recorded-why = The service could not write it down now. Nothing was changed.
problem-stop-not-recorded-next = Please open the link from your message again later, and press the button once more. Doing so twice does no harm.
problem-internal-what = Something broke on our side
problem-internal-why = This is a defect of the service. If you were sending an answer, it is not certain that it was recorded.
problem-internal-next = Open the link from your message: it shows whether you have answered. Sending twice does no harm.

## The operator's monitor
monitor-title = Monitor
monitor-well = The service takes answers.
monitor-stopped = The service has stopped and takes no answers. “sijill monitor” on its machine says why and what to do.
monitor-clock-behind = The service takes no answers: its clock is behind the last entry. Set the clock right.
monitor-seen-at = As of { $moment }.
monitor-since = Counted since the service was started: { $moment }.
monitor-again = Look again
monitor-queue = Waiting to be written
monitor-disk-free = Free on the disk
monitor-disk-needed = Needed on the disk if everybody answers, about
monitor-disk-short = There is not enough space.
monitor-connections = Connections open
monitor-mended = Published files found damaged and mended
monitor-of = { $count } of { $most }
monitor-mib = { $count } MiB
monitor-last-minute = Answers in the last whole minute
monitor-half-hour = Answers in the last half hour
monitor-answered = Answered, of the invitations planned
monitor-opened = Answer pages opened
monitor-repeated = The same answer sent again
monitor-unpublished = Entries not yet published
monitor-not-published = Nothing is published yet.
monitor-changes-nothing = This page changes nothing. Whoever steers a poll does so at the command line, with the signing key.
monitor-link-lead = This link opens the monitor once, in this browser, for twelve hours at most. It shows counts: no answers of anybody, no links, no telephone numbers.
monitor-open = Open the monitor
monitor-refused-unknown-link = Refused: the link is not known
monitor-refused-malformed-link = Refused: the link is not complete
monitor-refused-too-large = Refused: too long
monitor-refused-too-slow = Refused: did not arrive in time
monitor-refused-not-a-form = Refused: not sent by the form
monitor-refused-not-utf8 = Refused: unreadable text
monitor-refused-nothing-chosen = Refused: nothing chosen
monitor-refused-two-chosen = Refused: more than one chosen
monitor-refused-not-on-ballot = Refused: not one of the options
monitor-refused-not-yet-open = Refused: before the start
monitor-refused-ended = Refused: after the end
monitor-refused-paused = Refused: while the poll was paused
monitor-refused-closed = Refused: after the close
monitor-refused-annulled = Refused: the poll is annulled
monitor-refused-more-than-invited = Refused: more answers than invitations planned
monitor-refused-answered-otherwise = Refused: another answer stands
monitor-refused-frozen = Refused: while the poll was being closed
monitor-refused-busy = Refused: too many at once
monitor-refused-clock = Refused: the clock was behind
monitor-refused-stopped = Refused: the service had stopped
monitor-refused-other = Refused: for another reason
monitor-wave = Messages of wave { $wave }
monitor-wave-first = Invitations, to people whom no wave before had.
monitor-wave-again = Invitations once more, to people whose message failed.
monitor-wave-reminder = Reminders, to people who have not answered.
monitor-sending = Messages are leaving.
monitor-waits-until = No message leaves: quiet hours until { $moment }.
monitor-waits-always = No message leaves: the quiet hours have no end. Mend them in the configuration.
monitor-waits-paused = No message leaves: sending is paused, or the poll is.
monitor-waits-poll-over = No message leaves: the poll is over.
monitor-waits-gateway = No message leaves: there is no connection to the gateway. It is tried again by itself.
monitor-waits-receipts = Every message has left. Delivery receipts are waited for.
monitor-ended-final = The wave is over.
monitor-ended-unreceipted = The wave is over. No delivery receipt came for the messages that are sent without one.
monitor-ended-poll-over = The poll is over. Messages that were waiting never left, and count as failed.
monitor-ended-interrupted = Sending was stopped. The same command goes on with it.
monitor-ended-stopped = The gateway stops it, and no message leaves. The machine that sends says why.
monitor-silent = Nobody is sending. Last seen: { $moment }. The same command goes on with it.
monitor-other = For another reason
monitor-wave-invitations = Invitations in this wave
monitor-messages-queued = Waiting to be sent
monitor-messages-submitted = On the way to the gateway
monitor-messages-accepted = Sent, without a delivery receipt yet
monitor-messages-delivered = Delivered
monitor-messages-failed = Failed
monitor-messages-expired = Not delivered in time
monitor-messages-unknown = Nobody knows whether they arrived
monitor-messages-stopped = Wanted no messages before theirs was sent
monitor-messages-refused = Wanted no more messages after theirs was sent
monitor-failed-number-invalid = Failed: the number is not valid
monitor-failed-permanent-error = Failed: the gateway says for good
monitor-failed-refused = Failed: refused by the gateway
monitor-failed-queue-full = Failed: the gateway’s queue stayed full
monitor-failed-too-fast = Failed: too fast for the gateway
monitor-failed-system-error = Failed: an error at the gateway
monitor-failed-temporary-error = Failed: a passing error that did not pass
monitor-failed-not-available = Failed: the gateway was not available
monitor-failed-submission-failed = Failed: not taken by the gateway
monitor-failed-delivery-failed = Failed: not delivered by the gateway
monitor-failed-unknown-error = Failed: an unknown error at the gateway
monitor-failed-undelivered = Failed: not delivered, by receipt
monitor-failed-other = Failed: for another reason
monitor-speed = Message segments a second, of those allowed
monitor-left = Until every message has left, about
monitor-left-soon = 1 minute
monitor-left-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
monitor-left-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
monitor-strays = Delivery receipts that belong to no message
problem-monitor-link-used-what = This link to the monitor was used
problem-monitor-link-used-why = It opens the monitor once, and it was opened already. If that was not you, somebody else has read your link.
problem-monitor-link-used-next = Make a new link with “sijill monitor --link”. That also shuts the monitor in every browser where it is open.
problem-monitor-link-unknown-what = This link to the monitor does not work
problem-monitor-link-unknown-why = It is older than ten minutes, was copied incompletely, or the service was started again since.
problem-monitor-link-unknown-next = Make a new link with “sijill monitor --link”.
problem-monitor-not-open-what = The monitor is not open in this browser
problem-monitor-not-open-why = It was opened more than twelve hours ago, in another browser, or a new link was made since; or this browser keeps no cookie of this site, as over an address without https.
problem-monitor-not-open-next = Make a new link with “sijill monitor --link” and open it here.

## What the rules for polls warn of
warnings-heading = What to bear in mind
warning-43 = The links of this poll are not encrypted: whoever carries the answers could read and change them.
warning-50 = The question is political, and whoever has a message can read that person’s answer in the public register, for ever.
warning-51 = The question is political, and the platform makes the links itself: it could answer for people who never opened theirs.
warning-52 = The operator may close the poll before its end, and so could stop when the figure suits.
warning-53 = A stratum has so few people that its figures will never be opened.
warning-explained = Why it is so nevertheless, in the operator’s words: { $why }
warning-unexplained = The operator does not say why.
mended = { $count ->
    [one] What is said about this poll was mended once while it ran. The question was not: the register has both wordings.
   *[other] What is said about this poll was mended { $count } times while it ran. The question was not: the register has every wording.
}
preview = A preview: nothing here is a poll, and nothing that is sent is recorded.
