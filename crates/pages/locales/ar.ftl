# العربية. Wording to be reviewed by a native speaker; see docs/GLOSSARY.md.

## Every page
languages = اللغات
error-title = خطأ: { $title }
moment = { $moment } بالتوقيت العالمي (UTC)
# The mark in front (U+061C) keeps the sign on the left of its number, where no letter stands beside them.
percent = {"\u061C"}{ $value }٪
no-figure = –
contact = للاستفسار: { $name }
see-results = اطّلع على النتائج حتى الآن
all-polls = جميع استطلاعات هذا الموقع

## Where a poll stands
state-not-yet-open = لم يبدأ الاستطلاع بعد. يبدأ في { $moment }.
state-open = الاستطلاع مفتوح حتى { $moment }.
state-paused = الاستطلاع متوقف مؤقتًا ولا تُقبل الإجابات الآن. يُرجى فتح الرابط لاحقًا.
state-closed = أُغلق الاستطلاع في { $moment }. لم تعد الإجابات تُقبل.
state-annulled = أُلغي الاستطلاع ولا يُعتدّ بنتائجه. السبب: { $reason }
entries-lost = { $count ->
    [one] فُقد قيد واحد كان قد أُكِّد تسجيله، ووقّعت الجهة المشغِّلة على ذلك في السجلّ.
    [two] فُقد قيدان كان قد أُكِّد تسجيلهما، ووقّعت الجهة المشغِّلة على ذلك في السجلّ.
    [few] فُقدت { $count } قيود كان قد أُكِّد تسجيلها، ووقّعت الجهة المشغِّلة على ذلك في السجلّ.
    [many] فُقد { $count } قيدًا كان قد أُكِّد تسجيلها، ووقّعت الجهة المشغِّلة على ذلك في السجلّ.
   *[other] فُقد { $count } قيد كان قد أُكِّد تسجيلها، ووقّعت الجهة المشغِّلة على ذلك في السجلّ.
} لا تُحتسب الإجابات التي فيها، ويستطيع من احتفظ بالتعهّد الخاص بإجابته أن يُظهر أنها مفقودة.
may-close-early = تسمح قواعده للجهة المشغِّلة بإغلاقه قبل ذلك.
could-close-early = كانت قواعده تسمح للجهة المشغِّلة بإغلاقه في أي وقت.

## Who is behind it
who-heading = من يسأل؟
who-asks = الجهة التي تطرح هذا السؤال: { $sponsor }.
who-conducts = الجهة التي تُجري الاستطلاع: { $conductor }.
who-runs = الجهة التي تدير هذا الموقع { $domain }: { $platform }.
who-funds = الجهة التي تموّله: { $funder }.
who-sends = الجهة التي تُرسل الرسائل: { $sender }.
why-you = لماذا تمّت دعوتك؟
definition-link = التعريف الموقَّع: الصياغة والعيّنة والمواعيد والقواعد

## The answer
send-answer = إرسال الإجابة
send-change = تغيير الإجابة
recorded-heading = ماذا يُسجَّل؟
recorded-what = إجابتك، من دون اسمك أو رقمك، في سجلّ عام يستطيع أي شخص التحقق منه. تبقى فيه إلى الأبد ولا يمكن سحبها منه بعد ذلك.
learn-heading = ماذا يستطيع الآخرون أن يعرفوا منه؟
learn-open = يستطيع أي شخص أن يقرأ فيه كل إجابة مع وقتها مقرَّبًا ومع المجموعة التي اختيرت منها (كالمحافظة)، من دون اسم أو رقم هاتف.
learn-sealed = يستطيع أي شخص أن يقرأ فيه كل إجابة مع وقتها مقرَّبًا، من دون اسم أو رقم هاتف. أما المجموعة التي اختيرت منها (كالمحافظة) فمختومة، وبعد الإغلاق تُفتح المجموعات التي فيها إجابات كافية.
rests-on-link-reader = كل من لديه رسالتك يستطيع أن يقرأ إجابتك في السجلّ العام إلى الأبد. ومن يدير المنصة يستطيع أن يجيب بدلًا عمّن فتحوا روابطهم.
tokens-by-platform = والمنصة هي التي أنشأت الروابط أيضًا، فيمكنها أن تجيب بدلًا عمّن لم يفتحوا روابطهم.
tokens-by-sender = ومن يرسل الرسائل هو الذي أنشأ الروابط، فيمكنه أن يجيب بدلًا عمّن لم يفتحوا روابطهم.
order-differs = يختلف ترتيب الخيارات من شخص إلى آخر، ويُسجَّل مع الإجابة.
counted-link = كيف تُحتسب إجابتك
real-heading = هل هذه الرسالة حقيقية؟
real-how = اكتب { $domain } بنفسك في المتصفح وابحث عن الاستطلاع «{ $poll }».

## What was wrong with the answer
error-heading = لم تُسجَّل إجابتك
error-nothing-chosen = اختر إجابة واحدة ثم أرسلها.
error-two-chosen = وصلت أكثر من إجابة. اختر إجابة واحدة ثم أرسلها.
error-not-on-ballot = ما وصل ليس من الإجابات المعروضة. اختر واحدة من الإجابات أدناه ثم أرسلها.
error-changed-meanwhile = تغيّرت إجابة هذا الرابط بعد أن فتحت الصفحة. انظر إلى الإجابة القائمة ثم غيّرها إن شئت.
error-not-taken-now = لا يقبل الاستطلاع إجابات الآن.
you-had-chosen = كنت قد اخترت: { $option }

## The answer that stands
answered-heading = تمّت الإجابة عن طريق هذا الرابط
your-code = رمزك:
promise-download = حفظ التعهّد
promise-meaning = كل من لديه السجلّ يستطيع أن يجد إجابتك فيه برمزها. والتعهّد ملف صغير موقَّع يُثبت أن إجابتك استُلمت، حتى في مواجهتنا.
present-choice = إجابتك الآن: { $option }
changes-left = { $count ->
    [zero] إجابتك نهائية.
    [one] يمكنك تغييرها مرة واحدة بعد.
    [two] يمكنك تغييرها مرتين بعد.
    [few] يمكنك تغييرها { $count } مرات بعد.
    [many] يمكنك تغييرها { $count } مرة بعد.
   *[other] يمكنك تغييرها { $count } مرة بعد.
}

## After sending
recorded-title = سُجِّلت إجابتك
recorded-durable = إجابتك الآن في السجلّ.
link-again = عند فتح رابطك من جديد يظهر هذا الرمز والإيصال.
public-within = { $minutes ->
    [zero] وتُنشر مع إجابات أخرى في الحال عادةً.
    [one] وتُنشر مع إجابات أخرى خلال دقيقة واحدة عادةً.
    [two] وتُنشر مع إجابات أخرى خلال دقيقتين عادةً.
    [few] وتُنشر مع إجابات أخرى خلال { $minutes } دقائق عادةً.
    [many] وتُنشر مع إجابات أخرى خلال { $minutes } دقيقة عادةً.
   *[other] وتُنشر مع إجابات أخرى خلال { $minutes } دقيقة عادةً.
}
next-heading = ماذا بعد؟
next-due = في موعد أقصاه { $moment } تكون إجابتك في السجلّ العام. وإن لم تكن فيه فالتعهّد دليلك على ذلك.
next-closes = الاستطلاع مفتوح حتى { $moment }.
next-closes-at-latest = الاستطلاع مفتوح حتى { $moment } على أبعد تقدير، وللجهة المشغِّلة أن تغلقه قبل ذلك.
next-change = تغيير إجابتك
your-question = السؤال

## No more messages
stop-link = لا أريد رسائل أخرى عن هذا الاستطلاع
stop-title = أتريد ألّا تصلك رسائل أخرى عن هذا الاستطلاع؟
stop-what = بعد الضغط على الزر لن تُرسل إليك دعوة إلى هذا الاستطلاع ولا تذكير به.
stop-on-its-way = قد تصلك رسالة أُرسلت قبل ذلك.
stop-answer-stays = يخصّ هذا الرسائل وحدها: فهو لا يسحب إجابة ولا يمنعها، ويبقى رابطك صالحًا.
stop-send = لا ترسلوا إليّ رسائل أخرى
stop-done = لن تصلك رسائل أخرى عن هذا الاستطلاع
stop-over = انتهى هذا الاستطلاع، ولن تُرسل رسائل أخرى عنه
stop-back = العودة إلى السؤال

## Results
figures-heading = الإجابات
published-at = آخر نشر: { $moment }.
published-never = لم يُنشر شيء بعد.
response-rate = أُجيب عن { $answers } من أصل { $invited } دعوة: { $rate }
planned-of-invited = { $count ->
    [zero] لم تبدأ أي موجة إرسال بعد.
    [one] دعوة واحدة تنتمي إلى الموجات التي بدأت حتى الآن.
    [two] دعوتان تنتميان إلى الموجات التي بدأت حتى الآن.
    [few] { $count } دعوات تنتمي إلى الموجات التي بدأت حتى الآن.
    [many] { $count } دعوة تنتمي إلى الموجات التي بدأت حتى الآن.
   *[other] { $count } دعوة تنتمي إلى الموجات التي بدأت حتى الآن.
}
answers-of-invited = الإجابات: { $answers } من أصل { $invited } دعوة.
ledger-size = { $count ->
    [zero] لا قيود منشورة في السجلّ.
    [one] في السجلّ قيد منشور واحد.
    [two] في السجلّ قيدان منشوران.
    [few] في السجلّ { $count } قيود منشورة.
    [many] في السجلّ { $count } قيدًا منشورًا.
   *[other] في السجلّ { $count } قيد منشور.
}
column-option = الإجابة
column-answers = عدد الإجابات
column-share = النسبة من الإجابات
column-stratum = الطبقة
column-invited = الدعوات
column-response = معدّل الاستجابة
row-total = جميع الإجابات
rests-heading = على ماذا تستند هذه النتائج؟
rests-on-link = كان بإمكان من يدير المنصة أن يجيب بدلًا عمّن فتحوا روابطهم. أما ما يضيفه أو يغيّره أي طرف آخر فيكشفه كل تدقيق، وما يُحذف يُكشف بتعهّد صاحب الإجابة.
counts-not-estimate = هذه الأرقام عدد من أجابوا. وهي غير مرجَّحة وليست تقديرًا لرأي السكان.
counted-heading = كيف تُحتسب الإجابات؟
counted-entry = كل إجابة قيد في السجلّ مربوط بكل القيود التي قبله، فيستطيع أي شخص أن يكتشف أي تغيير أو حذف لاحق.
counted-once = تُحتسب كل دعوة مرة واحدة، بإجابتها الأخيرة.
counted-sum = الأرقام ليست سوى عدّ لهذه القيود، ويستطيع أي شخص أن يعدّها من جديد.
counted-yours = يُثبت إيصالك، على جهازك أنت، أن إجابتك من بينها.
first-heading = حسب الإجابة الأولى
first-meaning = يمكن تغيير الإجابات في هذا الاستطلاع، وتُحتسب الأخيرة. وهذه هي الإجابات الأولى.
sealed-heading = الطبقات المختومة
sealed-until-close = انتماء كل دعوة إلى طبقتها مختوم. وبعد الإغلاق تُكشف أرقام الطبقات التي فيها إجابات كافية.
sealed-stay-closed = { $count ->
    [zero] لا تبقى أي طبقة مغلقة.
    [one] تبقى طبقة واحدة مغلقة دائمًا كي لا يُعرف ما أجاب به عدد قليل من الناس.
    [two] تبقى طبقتان مغلقتين دائمًا كي لا يُعرف ما أجاب به عدد قليل من الناس.
    [few] تبقى { $count } طبقات مغلقة دائمًا كي لا يُعرف ما أجاب به عدد قليل من الناس.
    [many] تبقى { $count } طبقة مغلقة دائمًا كي لا يُعرف ما أجاب به عدد قليل من الناس.
   *[other] تبقى { $count } طبقة مغلقة دائمًا كي لا يُعرف ما أجاب به عدد قليل من الناس.
}
strata-heading = حسب الطبقة
strata-meaning = النسبة تحت كل عدد هي حصته من الإجابات في تلك الطبقة. ومعدّل الاستجابة محسوب من دعواتها.
check-heading = تحقّق بنفسك
check-lead = الأرقام أعلاه ليست سوى إعادة عدّ للسجلّ العام. أعد العدّ على جهازك:
check-key = خذ مفتاح الجهة المشغِّلة منها مباشرة لا من هذه الصفحة، ثم قارن.
check-anchor = دوّن نهاية السجلّ اليوم. إن قدّمتها في تدقيق لاحق ظهر هل أُعيدت كتابة الماضي:
check-offline = أو نزّل السجلّ وتحقّق منه من دوننا:
check-export = السجلّ كاملًا (تصدير)
check-roster = قائمة الدعوات
check-json = هذه الأرقام بصيغة JSON
term-origin = المنشأ
term-poll-id = معرّف الاستطلاع
term-operator-key = مفتاح الجهة المشغِّلة
method-heading = كيف أُجري الاستطلاع؟
method-strategy = استراتيجية جمع الإجابات
method-population = المجتمع المستهدف
method-frame = إطار المعاينة
method-coverage-gaps = من لا يغطيهم الإطار
method-sampling = طريقة المعاينة
method-probability = عيّنة احتمالية
probability-known = نعم: كان لكل من في الإطار احتمال معلوم لأن يُختار.
probability-unknown = لا: لم يكن لكل من في الإطار احتمال معلوم لأن يُختار.
method-recruitment = كيفية الدعوة إلى المشاركة
method-mode = طريقة جمع الإجابات
method-planned = الدعوات المخطَّط لها
method-precision = الدقة
method-weighting = الترجيح
method-weighting-targets = مصدر أرقام الترجيح
method-processing = معالجة الإجابات
method-exclusions = من لم يشملهم
method-limitations = حدود النتائج

## Front page
home-title = الاستطلاعات على { $domain }
home-lead = كل إجابة قيد في سجلّ عام، وكل رقم يمكن إعادة عدّه منه.
home-empty = لا يوجد استطلاع بعد.

## Checking a receipt
verify-title = التحقق من إيصال
verify-lead = اختر الإيصال أو التعهّد الذي احتفظت به. يجري التحقق هنا في متصفحك، ولا يُرسَل منه شيء إلى أي مكان.
verify-needs-script = تتحقق هذه الصفحة ببرنامج نصّي (JavaScript) لا يعمل في متصفحك. تحقّق بالبرنامج بدلًا من ذلك على أي حاسوب:
verify-needs-https = لا تحسب المتصفحات البصمات إلا في صفحات https، وهذه الصفحة لم تُفتح عبر https. افتحها عبر https://‎ أو تحقّق بالبرنامج:
verify-file = الإيصال أو التعهّد (ملف، ويمكنك أيضًا إفلاته على هذه الصفحة)
verify-text = أو نصّه
verify-trust-heading = بمن تثق؟
verify-trust-lead = ليس هذا ضروريًا. ملف السياسة يحدد أي سجلّ وأي شهود تصدّق، ويكفي أيضًا مفتاح السجلّ أو مفتاح التعهّد وحده. خذه من جهة غير هذا الموقع.
verify-trust-file = السياسة (ملف)
verify-trust-text = أو نصّ السياسة، أو مفاتيح
verify-check = تحقّق
verify-whose-script = البرنامج النصّي الذي يتحقق يأتي من هذا الموقع. ومن يشكّ في الموقع فليستخدم الصفحة نفسها من موقع آخر، أو البرنامج على حاسوبه:
verify-receipt-good = الإيصال صحيح
verify-receipt-unpinned = الإيصال صحيح، وفق مفتاح هذا الموقع نفسه
verify-receipt-unsigned = لم يُتحقَّق منه
verify-promise-good = التعهّد أصلي
verify-promise-unpinned = التعهّد أصلي، وفق مفتاح هذا الموقع نفسه
verify-promise-unsigned = لم يُتحقَّق منه
verify-receipt-means = هذه الإجابة قائمة في سجلّ هذا الاستطلاع، بوصفها هذا القيد، تحت نقطة التحقق المذكورة أدناه.
verify-entry-means = هذا القيد قائم في سجلّ هذا الاستطلاع تحت نقطة التحقق المذكورة أدناه، وهو ليس إجابة.
verify-by-policy = مفتاح السجلّ مثبَّت في سياستك، وقد صدّق الشهود على نقطة التحقق كما تطلب سياستك.
verify-by-policy-alone = مفتاح السجلّ مثبَّت في سياستك، وهي لا تطلب أي شاهد.
verify-by-key = المفتاح مثبَّت: وهو مفتاح قدّمته أنت.
verify-by-site = غير مثبَّت: لم تقدّم سياسة أو مفتاحًا له، فلا يُظهر هذا إلا أن من يملك هذا المفتاح قد وقّعه.
verify-by-nobody = لم تقدّم مفتاحًا له، ولا يعرف هذا الموقع مفتاحًا، فلم يُتحقَّق من أي توقيع: وبإمكان أي شخص أن يصنع هذا الملف. قدّم سياسة الاستطلاع أو مفتاحه.
verify-no-witness = لم يصدّق عليه أي شاهد تثق به.
verify-still-counts = لا يبيّن هذا الملف وحده هل غُيّرت الإجابة لاحقًا من الدعوة نفسها، بل يبيّنه السجلّ.
verify-promise-means = وقّعت المنصة على أن هذه الإجابة تكون في السجلّ العام في موعد أقصاه { $moment }.
verify-promise-pending = لم يمضِ هذا الموعد بعد.
verify-promise-past = مضى هذا الموعد. إن لم تكن الإجابة في السجلّ الآن فهذا الملف يُثبت أن التعهّد لم يُوفَ به: سلّمه إلى { $address }.
verify-wrong = هذا لا يصحّ
verify-unusable = لا يمكن استخدام السياسة أو المفتاح
verify-step-file = ليس إيصالًا ولا تعهّدًا.
verify-step-receipt-form = يبدأ كإيصال لكنه غير مكتوب كما تُكتب الإيصالات: لقد تلف أو غُيّر.
verify-step-promise-form = يبدأ كتعهّد لكنه غير مكتوب كما تُكتب التعهّدات: لقد تلف أو غُيّر.
verify-step-policy = لم يُتحقَّق من شيء بعد، فهذا لا يقول شيئًا عن الإيصال أو التعهّد. اطلب السياسة أو المفتاح من جديد ممن أعطاك إياه، ثم تحقق مرة أخرى.
verify-step-signature = التوقيع باسم { $name } غير صحيح: إما أن الملف غُيّر، أو أن { $name } لم يوقّعه قط.
verify-step-not-signed = لم يوقّعه أي من المفاتيح المعروفة لـ { $name }.
verify-step-unknown-log = ليس بين المفاتيح التي قدّمتها مفتاح لـ { $name }.
verify-step-quorum = صدّق عليه عدد أقل مما يلزم من شهود سياستك.
verify-step-inclusion = لا يقود القيد إلى الجذر الموقَّع: لقد غُيّرت الإجابة أو موضعها أو البرهان.
verify-step-entry = في السجلّ هذه البايتات في هذا الموضع، لكنها ليست قيدًا تعرفه هذه النسخة.
verify-step-entry-index = يذكر القيد موضعًا في السجلّ غير الذي يذكره الإيصال.
verify-step-promise-answer = التعهّد لإجابة غير التي بجانبه.
verify-step-defect = حدث عطل في هذه الصفحة قبل أن يتم التحقق. تحقّق بالبرنامج، ونرجو إبلاغنا بذلك.
verify-row-answer = الإجابة
verify-row-question = السؤال
verify-row-code = الرمز
verify-row-invitation = الدعوة (موضعها في قائمة الدعوات)
verify-row-revision = رقم التعديل
verify-row-kind = نوع القيد
verify-row-poll = الاستطلاع (المنشأ)
verify-row-poll-id = معرّف الاستطلاع
verify-row-entry = القيد
verify-row-recorded = وقت التسجيل
verify-row-size = عدد القيود تحت نقطة التحقق
verify-row-root = جذر نقطة التحقق
verify-row-signed = الموقِّع (الاسم ومعرّف المفتاح)
verify-row-missing = لم يوقّعه
verify-row-cosigned = الشهود المصدِّقون (الاسم ومعرّف المفتاح والوقت)
verify-row-due = الموعد الأقصى
verify-row-line = السطر
verify-row-expected = المتوقَّع
verify-row-found = الموجود

## The receipt of one's answer
receipt-title = إيصالك
receipt-download = حفظ الإيصال
receipt-is-promise = لم تُنشر إجابتك بعد، لذلك هذا هو التعهّد الخاص بها حتى الآن. وابتداءً من النشر القادم يعطي العنوان نفسه الإيصال.
receipt-is-proof = نُشرت إجابتك. يُثبت الإيصال دائمًا ولأي شخص ومن دوننا أنها قائمة في السجلّ.
receipt-meaning = بعد النشر يُثبت الإيصال لأي شخص ومن دوننا أن إجابتك قائمة في السجلّ، وحتى ذلك الحين هو التعهّد.
receipt-as-code = عرض الإيصال، وكذلك بشكل رمز QR
receipt-code-heading = رمز QR
receipt-code-what = يستطيع جهاز آخر أن يأخذ الإيصال من هذا الرمز كنصّ.
receipt-code-label = الإيصال بشكل رمز QR
receipt-code-too-long = هذا الإيصال أطول من أن يتسع له رمز QR واحد. احفظ الملف بدلًا من ذلك.
receipt-shows-answer = كل من لديه الإيصال يستطيع أن يقرأ إجابتك فيه.
receipt-check-heading = كيف تتحقق منه؟
receipt-check-how = اختر الملف المحفوظ في الصفحة أدناه. يجري التحقق في المتصفح ولا يُرسَل شيء. ولدى أي موقع آخر من هذا النوع الصفحة نفسها.
receipt-check-link = التحقق من إيصال
receipt-back = العودة إلى إجابتك

## Problems
problem-unknown-link-what = هذا الرابط غير معروف هنا
problem-unknown-link-why = لا توجد في هذا الموقع دعوة بهذا الرابط. ربما نُسخ ناقصًا أو يعود إلى موقع آخر.
problem-unknown-link-next = افتح الرابط من رسالتك مرة أخرى، أو اكتبه كما ورد فيها.
problem-malformed-link-what = هذا الرابط غير مكتمل
problem-malformed-link-why = ينتهي الرابط الشخصي بعشرين حرفًا ورقمًا، وهذا ليس كذلك.
problem-malformed-link-next = افتح الرابط من رسالتك مرة أخرى، أو اكتبه كما ورد فيها.
problem-too-large-what = ما أُرسل أكبر من اللازم
problem-too-large-why = لا تتجاوز الإجابة { $number } بايت. لم يُسجَّل شيء.
problem-too-large-next = افتح الرابط من رسالتك وأجب في الصفحة.
problem-not-a-form-what = ما وصل ليس إجابة
problem-not-a-form-why = يجب أن تأتي الإجابة من نموذج الصفحة. لم يُسجَّل شيء.
problem-not-a-form-next = افتح الرابط من رسالتك وأجب في الصفحة.
problem-not-utf8-what = ما وصل لا يمكن قراءته
problem-not-utf8-why = ليس نصًا بترميز UTF-8. لم يُسجَّل شيء.
problem-not-utf8-next = افتح الرابط من رسالتك وأجب في الصفحة.
problem-timeout-what = لم تصل إجابتك في الوقت المحدد
problem-timeout-why = استغرق الإرسال أكثر من { $number } ثانية. لم يُسجَّل شيء.
problem-timeout-next = ارجع وأرسلها مرة أخرى. لا ضرر من الإرسال مرتين.
problem-busy-what = إجابات كثيرة في وقت واحد
problem-busy-why = يجيب كثيرون الآن. لم تُسجَّل إجابتك.
problem-busy-next = { $number ->
    [zero] ارجع وأرسلها مرة أخرى الآن. لا ضرر من الإرسال مرتين.
    [one] ارجع وأرسلها مرة أخرى بعد ثانية واحدة. لا ضرر من الإرسال مرتين.
    [two] ارجع وأرسلها مرة أخرى بعد ثانيتين. لا ضرر من الإرسال مرتين.
    [few] ارجع وأرسلها مرة أخرى بعد { $number } ثوانٍ. لا ضرر من الإرسال مرتين.
    [many] ارجع وأرسلها مرة أخرى بعد { $number } ثانية. لا ضرر من الإرسال مرتين.
   *[other] ارجع وأرسلها مرة أخرى بعد { $number } ثانية. لا ضرر من الإرسال مرتين.
}
problem-stopped-what = لا يمكن استلام الإجابات الآن
problem-stopped-why = توقفت الخدمة كي لا يضيع شيء. الإجابات المسجَّلة سابقًا محفوظة، أما إجابتك فلم تُسجَّل الآن.
problem-stopped-next = يُرجى فتح الرابط من رسالتك لاحقًا.
problem-not-on-ballot-what = هذه الإجابة غير معروضة
problem-not-on-ballot-why = ما وصل ليس من إجابات هذا السؤال. لم يُسجَّل شيء.
problem-not-on-ballot-next = افتح الرابط من رسالتك واختر إحدى الإجابات.
problem-two-chosen-what = وصلت أكثر من إجابة
problem-two-chosen-why = للسؤال إجابة واحدة. لم يُسجَّل شيء.
problem-two-chosen-next = افتح الرابط من رسالتك واختر إجابة واحدة.
problem-answered-otherwise-what = سبقت الإجابة عن طريق هذا الرابط بشكل مختلف
problem-answered-otherwise-why = الإجابة السابقة قائمة ولا يمكن تغييرها. لم يُسجَّل شيء الآن.
problem-answered-otherwise-next = افتح الرابط من رسالتك لترى رمز الإجابة القائمة.
problem-changed-meanwhile-what = تغيّرت الإجابة في هذه الأثناء
problem-changed-meanwhile-why = تغيّرت إجابة هذا الرابط بعد أن فتحت الصفحة. لم يُسجَّل شيء الآن.
problem-changed-meanwhile-next = افتح الرابط من رسالتك وانظر إلى الإجابة القائمة ثم غيّرها إن شئت.
problem-not-found-what = لا توجد صفحة كهذه
problem-not-found-why = ربما كُتب العنوان خطأً، أو لم تكن الصفحة هنا قط.
problem-not-found-next = انتقل إلى الصفحة الرئيسية.
problem-wrong-method-what = هذا العنوان لا يقبل طلبًا كهذا
problem-wrong-method-why = الصفحة موجودة، لكن ليس لما طُلب منها. لم يُسجَّل شيء.
problem-wrong-method-next = افتح الرابط من رسالتك، أو انتقل إلى الصفحة الرئيسية.
problem-clock-what = ساعة الخدمة غير صحيحة
problem-clock-why = رجعت الساعة إلى الوراء فلم يمكن تحديد وقت لأي إجابة. لم تُسجَّل إجابتك.
problem-clock-next = يُرجى فتح الرابط من رسالتك لاحقًا.
problem-stop-not-recorded-what = لم يُسجَّل طلبك
problem-stop-not-recorded-why = تعذّر على الخدمة تسجيله الآن. لم يتغيّر شيء.
problem-stop-not-recorded-next = يُرجى فتح الرابط من رسالتك لاحقًا والضغط على الزر من جديد. ولا ضرر من تكرار ذلك.
problem-internal-what = حدث عطل من جانبنا
problem-internal-why = هذا عيب في الخدمة. إن كنت ترسل إجابة فليس مؤكدًا أنها سُجِّلت.
problem-internal-next = افتح الرابط من رسالتك، فهو يُظهر إن كنت قد أجبت. لا ضرر من الإرسال مرتين.

## The operator's monitor
monitor-title = المراقبة
monitor-well = الخدمة تقبل الإجابات.
monitor-stopped = توقفت الخدمة ولا تقبل الإجابات. يبيّن الأمر ”sijill monitor“ على جهازها السبب وما يجب فعله.
monitor-clock-behind = الخدمة لا تقبل الإجابات: ساعتها متأخرة عن آخر قيد. اضبط الساعة.
monitor-seen-at = حتى { $moment }.
monitor-since = العدّ منذ بدء الخدمة: { $moment }.
monitor-again = تحديث
monitor-queue = بانتظار الكتابة
monitor-disk-free = المتاح على القرص
monitor-disk-needed = المطلوب تقريبًا على القرص إذا أجاب الجميع
monitor-disk-short = لا توجد مساحة كافية.
monitor-connections = الاتصالات المفتوحة
monitor-mended = ملفات منشورة وُجدت تالفة وأُصلحت
monitor-of = { $count } من { $most }
monitor-mib = { $count } ميبيبايت
monitor-last-minute = الإجابات في آخر دقيقة كاملة
monitor-half-hour = الإجابات في نصف الساعة الأخير
monitor-answered = أجابوا من الدعوات المقررة
monitor-opened = صفحات الإجابة المفتوحة
monitor-repeated = الإجابة نفسها أُرسلت مرة أخرى
monitor-unpublished = قيود لم تُنشر بعد
monitor-not-published = لم يُنشر شيء بعد.
monitor-changes-nothing = هذه الصفحة لا تغيّر شيئًا. من يدير استطلاعًا يفعل ذلك بالأوامر وبمفتاح التوقيع.
monitor-link-lead = يفتح هذا الرابط صفحة المراقبة مرة واحدة، في هذا المتصفح، لمدة اثنتي عشرة ساعة على الأكثر. وهي تعرض أعدادًا: لا إجابة أحد، ولا روابط، ولا أرقام هواتف.
monitor-open = افتح المراقبة
monitor-refused-unknown-link = مرفوض: الرابط غير معروف
monitor-refused-malformed-link = مرفوض: الرابط غير مكتمل
monitor-refused-too-large = مرفوض: أطول من المسموح
monitor-refused-too-slow = مرفوض: لم يصل في الوقت
monitor-refused-not-a-form = مرفوض: لم يُرسل من النموذج
monitor-refused-not-utf8 = مرفوض: نص غير مقروء
monitor-refused-nothing-chosen = مرفوض: لم يُختر شيء
monitor-refused-two-chosen = مرفوض: اختير أكثر من خيار
monitor-refused-not-on-ballot = مرفوض: ليس من الخيارات
monitor-refused-not-yet-open = مرفوض: قبل البداية
monitor-refused-ended = مرفوض: بعد النهاية
monitor-refused-paused = مرفوض: أثناء توقف الاستطلاع
monitor-refused-closed = مرفوض: بعد الإغلاق
monitor-refused-annulled = مرفوض: الاستطلاع ملغى
monitor-refused-more-than-invited = مرفوض: إجابات أكثر من الدعوات المقررة
monitor-refused-answered-otherwise = مرفوض: توجد إجابة أخرى
monitor-refused-frozen = مرفوض: أثناء إغلاق الاستطلاع
monitor-refused-busy = مرفوض: طلبات كثيرة في وقت واحد
monitor-refused-clock = مرفوض: كانت الساعة متأخرة
monitor-refused-stopped = مرفوض: كانت الخدمة متوقفة
monitor-refused-other = مرفوض: لسبب آخر
monitor-wave = رسائل الموجة { $wave }
monitor-wave-first = دعوات إلى من لم تشملهم موجة سابقة.
monitor-wave-again = دعوات مرة أخرى إلى من لم تصلهم رسالتهم.
monitor-wave-reminder = تذكير لمن لم يجيبوا.
monitor-sending = الرسائل تُرسل الآن.
monitor-waits-until = لا تُرسل رسائل الآن: ساعات هدوء حتى { $moment }.
monitor-waits-always = لا تُرسل رسائل: ساعات الهدوء بلا نهاية. صحّحها في الإعدادات.
monitor-waits-paused = لا تُرسل رسائل الآن: الإرسال أو الاستطلاع متوقف مؤقتًا.
monitor-waits-poll-over = لا تُرسل رسائل: انتهى الاستطلاع.
monitor-waits-gateway = لا تُرسل رسائل: لا اتصال ببوابة الرسائل. تُعاد المحاولة تلقائيًا.
monitor-waits-receipts = أُرسلت كل الرسائل. وتُنتظر إشعارات التسليم.
monitor-ended-final = انتهت الموجة.
monitor-ended-unreceipted = انتهت الموجة. ولم يصل إشعار تسليم للرسائل المرسلة بلا إشعار.
monitor-ended-poll-over = انتهى الاستطلاع. الرسائل التي كانت تنتظر لم تُرسل، وتُعدّ فاشلة.
monitor-ended-interrupted = أُوقف الإرسال. الأمر نفسه يستأنفه.
monitor-ended-stopped = بوابة الرسائل توقف الإرسال، ولا تُرسل رسائل. يبيّن الجهاز الذي يرسل السبب.
monitor-silent = لا أحد يرسل الآن. آخر ظهور: { $moment }. الأمر نفسه يستأنف الإرسال.
monitor-other = لسبب آخر
monitor-wave-invitations = الدعوات في هذه الموجة
monitor-messages-queued = بانتظار الإرسال
monitor-messages-submitted = في الطريق إلى بوابة الرسائل
monitor-messages-accepted = مرسلة، بلا إشعار تسليم بعد
monitor-messages-delivered = مسلَّمة
monitor-messages-failed = فاشلة
monitor-messages-expired = لم تُسلَّم في الوقت
monitor-messages-unknown = لا يُعرف هل وصلت
monitor-messages-stopped = لم يريدوا رسائل قبل إرسال رسالتهم
monitor-messages-refused = لم يريدوا رسائل أخرى بعد إرسال رسالتهم
monitor-failed-number-invalid = فاشلة: الرقم غير صالح
monitor-failed-permanent-error = فاشلة: خطأ دائم عند البوابة
monitor-failed-refused = فاشلة: رفضتها البوابة
monitor-failed-queue-full = فاشلة: بقي طابور البوابة ممتلئًا
monitor-failed-too-fast = فاشلة: أسرع مما تقبله البوابة
monitor-failed-system-error = فاشلة: خطأ عند البوابة
monitor-failed-temporary-error = فاشلة: خطأ مؤقت لم يزُل
monitor-failed-not-available = فاشلة: لم تكن البوابة متاحة
monitor-failed-submission-failed = فاشلة: لم تأخذها البوابة
monitor-failed-delivery-failed = فاشلة: لم تسلّمها البوابة
monitor-failed-unknown-error = فاشلة: خطأ غير معروف عند البوابة
monitor-failed-undelivered = فاشلة: لم تُسلَّم، بحسب الإشعار
monitor-failed-other = فاشلة: لسبب آخر
monitor-speed = أجزاء الرسائل في الثانية، من المسموح
monitor-left = حتى تُرسل كل الرسائل، تقريبًا
monitor-left-soon = دقيقة واحدة
monitor-left-minutes = { $count ->
    [zero] { $count } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتان
    [few] { $count } دقائق
    [many] { $count } دقيقة
   *[other] { $count } دقيقة
}
monitor-left-hours = { $count ->
    [zero] { $count } ساعة
    [one] ساعة واحدة
    [two] ساعتان
    [few] { $count } ساعات
    [many] { $count } ساعة
   *[other] { $count } ساعة
}
monitor-strays = إشعارات تسليم لا تخص أي رسالة
problem-monitor-link-used-what = استُخدم رابط المراقبة هذا
problem-monitor-link-used-why = يفتح الرابط صفحة المراقبة مرة واحدة، وقد فُتحت به. إن لم تكن أنت من فتحها فقد قرأ غيرك رابطك.
problem-monitor-link-used-next = أنشئ رابطًا جديدًا بالأمر ”sijill monitor --link“. وهذا يغلق المراقبة أيضًا في كل متصفح هي مفتوحة فيه.
problem-monitor-link-unknown-what = رابط المراقبة هذا لا يعمل
problem-monitor-link-unknown-why = مضت عليه أكثر من عشر دقائق، أو نُسخ ناقصًا، أو أُعيد تشغيل الخدمة بعده.
problem-monitor-link-unknown-next = أنشئ رابطًا جديدًا بالأمر ”sijill monitor --link“.
problem-monitor-not-open-what = المراقبة غير مفتوحة في هذا المتصفح
problem-monitor-not-open-why = فُتحت قبل أكثر من اثنتي عشرة ساعة، أو في متصفح آخر، أو أُنشئ رابط جديد بعدها؛ أو لا يحفظ هذا المتصفح ملف تعريف ارتباط لهذا الموقع، كما في عنوان بلا https.
problem-monitor-not-open-next = أنشئ رابطًا جديدًا بالأمر ”sijill monitor --link“ وافتحه هنا.

## ما تنبّه إليه قواعد الاستطلاعات
warnings-heading = ما ينبغي أن يُؤخذ في الحسبان
warning-43 = روابط هذا الاستطلاع غير مشفَّرة: من ينقل الإجابات يستطيع قراءتها وتغييرها.
warning-50 = السؤال سياسي، ومن بيده الرسالة يستطيع قراءة إجابة صاحبها في السجل العام، إلى الأبد.
warning-51 = السؤال سياسي، والمنصّة تصنع الروابط بنفسها: فبوسعها أن تجيب عمّن لم يفتحوا روابطهم.
warning-52 = بوسع المشغّل أن يغلق الاستطلاع قبل نهايته، فيتوقّف حين تناسبه الأرقام.
warning-53 = في إحدى الفئات عدد قليل من الناس، فلن تُفتح أرقامها أبداً.
warning-explained = سبب ذلك بكلمات المشغّل: { $why }
warning-unexplained = لم يذكر المشغّل السبب.
mended = { $count ->
    [zero] لم يُصحَّح ما يقال عن هذا الاستطلاع.
    [one] صُحِّح ما يقال عن هذا الاستطلاع مرة واحدة أثناءه. أما السؤال فلم يتغيّر، والسجل يحفظ الصيغتين.
    [two] صُحِّح ما يقال عن هذا الاستطلاع مرتين أثناءه. أما السؤال فلم يتغيّر، والسجل يحفظ كل صيغة.
    [few] صُحِّح ما يقال عن هذا الاستطلاع { $count } مرات أثناءه. أما السؤال فلم يتغيّر، والسجل يحفظ كل صيغة.
    [many] صُحِّح ما يقال عن هذا الاستطلاع { $count } مرة أثناءه. أما السؤال فلم يتغيّر، والسجل يحفظ كل صيغة.
   *[other] صُحِّح ما يقال عن هذا الاستطلاع { $count } مرة أثناءه. أما السؤال فلم يتغيّر، والسجل يحفظ كل صيغة.
}
preview = معاينة: لا استطلاع هنا، ولا يُسجَّل أي شيء يُرسل.
