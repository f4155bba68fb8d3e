"""Word lists of the statement checks: English verbs, words that are nouns too, vague verbs, product names, acronyms."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS = _words("""
    abide accept accommodate accompany accomplish accredit achieve acquire act activate adapt add address adhere
    adjudicate adjust administer adopt advance advertise advise advocate aggregate align allocate amend analyse
    analyze anchor announce answer anticipate apologize appeal apply appoint apportion appraise approach approve
    arbitrate archive argue arrange articulate ascertain ask assemble assert assess assign assist assume assure
    attach attain attend attract audit augment author authorize automate award back balance bargain be benchmark
    bill book break brief bring broker budget build buy calculate calibrate call campaign capture care carry
    catalog categorize celebrate certify chair challenge champion change charge chart check choose circulate
    cite clarify classify clean clear close coach code collaborate collate collect combine commission commit
    communicate compare compile complete comply compose compute conceive conceptualize conclude conduct confer
    configure confirm conform connect conserve consider consolidate construct consult contact contain contract
    contribute control convene convert convey cooperate coordinate copy correct correlate correspond counsel
    count cover craft create critique cultivate customize cut debate debug decide declare decommission dedicate
    deduce deescalate defend define delegate delete delineate deliver demonstrate deploy derive describe design
    designate detect determine develop devise diagnose diagram differentiate digitize direct disable disassemble
    discard discern discipline disclose discover discuss dispatch display dispose disseminate distinguish
    distribute diversify divide document draft draw drive edit educate elaborate elicit eliminate embed embody
    embrace emphasize employ empower enable encourage enforce engage enhance enlist enroll ensure enter
    enumerate equip escalate establish estimate evaluate examine excel exchange execute exemplify exercise expand
    expedite experiment explain explore express extend extract fabricate facilitate familiarize file fill filter
    finalize finance find fit fix follow forecast formalize format formulate forward foster fulfil fulfill fund
    furnish gain gather generate give govern grade grant greet group grow guard guide handle harden harmonize
    hear help highlight hire hold honor host identify illustrate image immunize implement import improve include
    incorporate increase index indicate influence inform initiate innovate inquire inspect inspire install
    institute instruct insure integrate interact intercept interface interpret intervene interview introduce
    inventory invest investigate invite involve isolate issue iterate join judge justify keep label launch lead
    learn lease lecture leverage liaise license limit link list listen lobby locate log maintain make manage
    manipulate map market master match maximize measure mediate meet mentor merge migrate minimize mitigate
    model moderate modernize modify monitor motivate move multiply navigate negotiate network normalize note
    notify nurture observe obtain offer onboard open operate optimize orchestrate order organise organize orient
    originate outline outsource overhaul oversee own pack package participate partner patch pay perceive perform
    permit persuade phase phone pilot place plan play point police populate position post practice predict
    prepare prescribe present preserve preside prevent price print prioritise prioritize probe process procure
    produce profile program project promote prompt proofread propose protect prototype prove provide provision
    publicize publish purchase pursue qualify quantify query question quote raise rank rate reach read realign
    reassess recall receive recognise recognize recommend reconcile reconfigure reconstruct record recover
    recruit rectify recycle redesign reduce refer reference refine reflect reform refuse register regulate
    rehabilitate reimburse reinforce reject relate relay release remediate remind remove renew renovate
    reorganize repair replace replicate reply report represent reproduce request require research reserve
    resolve respect respond restore restrict restructure retain retire retrieve retrofit return reuse reveal
    review revise revoke reward rotate route run safeguard sample sanction satisfy scan schedule scope score
    screen script search secure see seek segment select sell send separate sequence serve service set settle
    shape share ship show sign simplify simulate sit sketch solicit solve sort source speak spearhead specify
    sponsor staff stage standardize start state stay steer stimulate stop store strategize streamline strengthen
    structure study submit substantiate suggest summarize supervise supplement supply support surplus survey
    suspend sustain symbolize synchronize synthesize systematize tabulate tag tailor take talk target teach
    terminate test think trace track train transact transcribe transfer transform translate transmit transport
    travel treat triage troubleshoot tune tutor uncover understand undertake unify update upgrade uphold upload
    use utilize vacate validate value verify vet view visit visualize volunteer walk watch weigh welcome widen
    withdraw withhold work write
""")
# Verbs that are as often nouns: "and design" alone does not tell that a second act follows.
ALSO_NOUNS = _words("""
    act address advance answer appeal approach archive audit author award back balance bargain benchmark bill
    book break brief budget call campaign capture care catalog challenge champion change charge chart check
    coach code commission contact contract control copy counsel count cover craft critique cut debate design
    direct discipline display document draft draw drive exchange exercise experiment file fill filter finance
    find fit fix forecast format fund gain grade grant group guard guide help highlight hold honor host image
    import increase index influence interface interview inventory issue judge label launch lead lease lecture
    license limit link list log map market master match measure mentor model monitor move network note offer
    order outline own pack package partner patch pay permit phase phone pilot place plan play point police
    position post practice present price print process produce profile program project prompt prototype purchase
    query question quote raise rank rate reach recall record reference reform register release repair report
    request research reserve respect return review reward route run sample scan schedule scope score screen
    script search segment separate sequence service set shape share ship show sign sketch sort source sponsor
    staff stage start state steer stop store structure study supplement supply support surplus survey tag target
    test trace track train transfer transport travel treat tune tutor update upgrade use value view visit
    volunteer walk watch welcome work
""")
NOT_VERBS = _words("""
    a abilities ability able accountable all also an and any appropriate are as at awareness by can could
    current each effective efficient every experience familiarity for from good had has have he how in is it
    knowledge may must new not of on or other proper responsibility responsible she should skill skills some
    strong successful that the these they this those through to understanding using various was were when where
    which who will with would
""")
# Endings of nouns and adjectives; a word of `VERBS` is a verb whatever its ending.
NOT_VERB_ENDINGS = (
    "tion", "sion", "ment", "ness", "ity", "ance", "ence", "ship", "ology", "ism", "ive", "ous", "ful", "able", "ible",
    "ical", "ial", "ual", "ary", "ly",
)  # fmt: skip
DETERMINERS = _words("""
    a all an any appropriate current each every her his its members new other others our people relevant staff
    students such teachers the their them these this those
""")
VAGUE = {
    "assist": "say what is done: “draft”, “check”, “repair”",
    "deal": "say what is done: “answer”, “resolve”, “report”",
    "ensure": "say how: “verify”, “inspect”, “test”",
    "facilitate": "say how: “chair”, “schedule”, “mediate”",
    "foster": "say how: “train”, “reward”, “recognize”",
    "handle": "say what is done: “answer”, “process”, “store”",
    "help": "say what is done: “teach”, “show”, “repair”",
    "interact": "say what is done: “advise”, “negotiate”, “inform”",
    "involve": "say what is done: “consult”, “invite”, “survey”",
    "know": "a task is something done; make this a KSA",
    "participate": "say the part: “vote”, “present”, “advise”",
    "promote": "say how: “publish”, “train”, “reward”",
    "stay": "say what is done: “read”, “attend”, “test”",
    "support": "say how: “fund”, “advise”, “repair”",
    "understand": "a task is something done; make this a KSA",
    "utilize": "write “use”, and say for what",
    "work": "say what is done: “negotiate”, “plan”, “review”",
}
BRANDS = (
    "Adobe", "Airtable", "Amazon Web Services", "Android", "Asana", "AWS", "Azure", "Blackboard", "Canva",
    "Canvas", "ChatGPT", "Chromebook", "Chromebooks", "Cisco", "Claris", "Clever", "Copilot", "Dell", "Dropbox",
    "Excel", "Facebook", "Gmail", "GoGuardian", "Google", "HP", "Infinite Campus", "Instagram", "Intune",
    "iPad", "iPads", "iPhone", "Jamf", "Jira", "Kahoot", "Kaltura", "Lenovo", "LinkedIn", "Linux", "Mac",
    "macOS", "Microsoft", "Moodle", "Mosyle", "Notion", "Office 365", "Oracle", "Outlook", "PowerPoint",
    "PowerSchool", "Qualtrics", "Remind", "Salesforce", "SAP", "Schoology", "Seesaw", "ServiceNow",
    "SharePoint", "Skyward", "Slack", "SurveyMonkey", "Tableau", "TikTok", "Trello", "Twitter", "VMware",
    "Webex", "WhatsApp", "Windows", "Workday", "YouTube", "Zendesk", "Zoom",
)  # fmt: skip
COMMON_ACRONYMS = frozenset({"IT", "US", "USA", "UK", "EU", "ID", "OK", "PDF", "TV"})
