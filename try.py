import sys; sys.path[:0]=["tests"]
import numpy as np, xarray as xr
from simulated_losses import draws, losses, table
from generative_classifiers.study.categories import CATEGORIES
from generative_classifiers.metrics.lab.weightings import weightings
from generative_classifiers.metrics.lab.noise_levels import noise_levels
from generative_classifiers.metrics.lab.draw_numbers import draw_numbers
from generative_classifiers.metrics.lab.spent_evaluations import spent_evaluations
from generative_classifiers.metrics.tables import lab_table
from generative_classifiers.draws.log_snr import TABLES
import time
rng=np.random.default_rng(0)
n=240
def ev(n,name,ds,D=32,conf=True):
    d=draws(D); t=d.time; bar=TABLES["cosine"][np.minimum(999,(t*1000).astype(int))]
    shape=rng.integers(0,16,n); tex=(shape+rng.integers(1,16,n))%16
    adv=np.zeros((n,16,D)); 
    adv[np.arange(n),shape]+= 2*t; adv[np.arange(n),tex]+=1.2*(1-t)
    loss=(rng.gamma(2,1,(n,1,D))+(rng.normal(size=(n,16,D))-adv)*(0.01+t**2)).astype(np.float32)
    C=np.array(CATEGORIES)
    co={"name":("image",[f"{i:04}.png" for i in range(n)]),"true_category":("image",C[shape]),"condition":("image",["all"]*n),"category":C,
        "draw":d.number,"time":("draw",t),"alpha":("draw",np.sqrt(bar)),"sigma":("draw",np.sqrt(1-bar)),"seed":("draw",d.seed)}
    if conf: co["texture_category"]=("image",C[tex])
    return xr.Dataset({"loss":(("image","category","draw"),loss)},co,attrs={"observer":name,"dataset":ds,"family":"diffusion"}),shape
e,shape=ev(n,"a","cue-conflict"); other,_=ev(60,"a","edge",16,False)
resp=np.where(rng.random((3,n))<.8,shape,rng.integers(0,16,(3,n)))
dec=xr.Dataset({"response":(("observer","image"),resp.astype(np.int8))},{"observer":["s1","s2","s3"],"family":("observer",["simulated"]*3),"is_reference":("observer",[True]*3),
   **{k:e[k] for k in ("name","true_category","condition","texture_category")}, "category":e.category.values},attrs={"dataset":"cue-conflict"}).isel(image=slice(None,None,-1))
T=time.time()
for f in (lambda: noise_levels({"a":e}), lambda: weightings(dec,{"a":e,"b":e},{"a":{"edge":other}},"simulated"), lambda: draw_numbers(dec,{"a":e},{"a":"exponential"},"simulated"), lambda: spent_evaluations({"a":e,"b":e},{"a":"exponential","b":"exponential"},{"a":table()})):
    r=f(); print(r); t=lab_table(r); print(t.head(8).to_string()); print(len(t), time.time()-T); T=time.time()
