import re
from tests.services.study_factory import make_study
from tests.factories import csrf_from
def test_smoke(app):
    with app.app_context(): made=make_study()
    c=app.test_client()
    r=c.get("/s/"+made.tokens[0]); assert r.status_code==200, r.text
    form=dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', r.text))
    r=c.post("/s/"+made.tokens[0], data=form); assert r.status_code==303, r.text
    r=c.get(r.location); assert r.location=="/survey/background", r.text
    r=c.get(r.location); assert r.status_code==200; t=r.text
    h=dict(re.findall(r'<input[^>]*name="(csrf_token|mark|seen)"[^>]*value="([^"]*)"', t)); print(h)
    r=c.post("/survey/background", data={**h, f"q-{made.question_id}": made.choices[1]}); assert r.status_code==303, r.text
    r=c.get(r.location); print(r.location)
    loc=r.location.split('#')[0]
    r=c.get(loc); assert r.status_code==200; 
    h=dict(re.findall(r'<input[^>]*name="(csrf_token|mark|seen)"[^>]*value="([^"]*)"', r.text)); print(h)
    data={f"r-{made.tasks[0]}-{made.frequency_id}": made.frequency[0], f"r-{made.tasks[1]}-{made.importance_id}": made.importance[2]}
    r=c.post(loc, data={**h, **data}); assert r.status_code==303, r.text
    print(r.location)
    for i in range(2):
        r=c.post("/survey/save", data={**h, "task":made.tasks[2],"scale":made.frequency_id,"anchor":made.frequency[2],"key":"abcdefgh1"}, headers={"Accept":"application/json"}); print(r.status_code, r.json)
    r=c.get("/survey/review"); assert r.status_code==200
    r=c.post("/survey/submit", data=h); assert r.status_code==303
    r=c.get("/survey/thanks"); assert "receipt" in r.text
    r=c.get("/survey/privacy"); assert r.status_code==200
    r=c.get("/survey/withdraw"); assert r.status_code==200
    r=c.post("/survey/withdraw", data=h); assert r.status_code==303
    r=c.get(r.location); assert r.status_code==200
    r=c.get("/s/"+made.tokens[0]); assert r.status_code==200 and "You withdrew" in r.text
    r=c.get("/survey"); assert r.status_code==404
