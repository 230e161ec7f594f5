(* --- integrals from 0 to PI/2 of polynomials and tanh in sine and cosine, one inside another: see disc_bounds --- *)
Module Disc.
(* --- polynomials as lists of coefficients, over any numbers --- *)
Section Lists.
Variables (A : Type) (zero : A) (add mul : A -> A -> A).
Fixpoint padd (p q : list A) : list A :=
  match p, q with nil, _ => q | _, nil => p | cons a p', cons b q' => cons (add a b) (padd p' q') end.
Fixpoint pmul (p q : list A) : list A :=
  match p with nil => nil | cons a p' => padd (List.map (mul a) q) (cons zero (pmul p' q)) end.
End Lists.
Section Related.
Variables (A B : Type) (rel : A -> B -> Prop).
Lemma padd_rel : forall (addA : A -> A -> A) (addB : B -> B -> B),
  (forall a b x y, rel a x -> rel b y -> rel (addA a b) (addB x y)) ->
  forall p x, List.Forall2 rel p x -> forall q y, List.Forall2 rel q y -> List.Forall2 rel (padd A addA p q) (padd B addB x y).
Proof.
  intros addA addB H. induction 1; intros q z Q; [exact Q|]. destruct Q; simpl; constructor; auto.
Qed.
Lemma map_rel : forall (f : A -> A) (g : B -> B), (forall a x, rel a x -> rel (f a) (g x)) ->
  forall p x, List.Forall2 rel p x -> List.Forall2 rel (List.map f p) (List.map g x).
Proof. induction 2; simpl; constructor; auto. Qed.
Lemma pmul_rel : forall zA zB (addA mulA : A -> A -> A) (addB mulB : B -> B -> B), rel zA zB ->
  (forall a b x y, rel a x -> rel b y -> rel (addA a b) (addB x y)) ->
  (forall a b x y, rel a x -> rel b y -> rel (mulA a b) (mulB x y)) ->
  forall p x, List.Forall2 rel p x -> forall q y, List.Forall2 rel q y -> List.Forall2 rel (pmul A zA addA mulA p q) (pmul B zB addB mulB x y).
Proof.
  intros. induction H2; simpl; [constructor|]. apply padd_rel; auto. apply map_rel; auto.
Qed.
End Related.
Fixpoint ev {A : Type} (f : A -> R) (x : R) (p : list A) : R := match p with nil => 0 | cons a p' => f a + x * ev f x p' end.
Lemma ev_padd : forall A add (f : A -> R) x, (forall a b, f (add a b) = f a + f b) ->
  forall p q, ev f x (padd A add p q) = ev f x p + ev f x q.
Proof. induction p; intros; simpl; [ring|]. destruct q; simpl; [ring|]. rewrite IHp, H. ring. Qed.
Lemma ev_map : forall A (f : A -> R) x (g : A -> A) c, (forall a, f (g a) = c * f a) -> forall p, ev f x (List.map g p) = c * ev f x p.
Proof. induction p; simpl; [ring|]. rewrite IHp, H. ring. Qed.
Lemma ev_pmul : forall A zero add mul (f : A -> R) x, f zero = 0 -> (forall a b, f (add a b) = f a + f b) ->
  (forall a b, f (mul a b) = f a * f b) -> forall p q, ev f x (pmul A zero add mul p q) = ev f x p * ev f x q.
Proof.
  induction p; intros; simpl; [ring|]. rewrite ev_padd by auto. simpl. rewrite H, IHp, (ev_map A f x (mul a) (f a)); auto. ring.
Qed.

(* --- intervals, with zero known as such --- *)
Definition num := option I.type.
Definition holdo (X : num) (x : R) : Prop := match X with None => x = 0 | Some X => holds X x end.
Definition oadd (p : F.precision) (X Y : num) : num :=
  match X, Y with None, _ => Y | _, None => X | Some X, Some Y => Some (I.add p X Y) end.
Definition omul (p : F.precision) (X Y : num) : num :=
  match X, Y with Some X, Some Y => Some (I.mul p X Y) | _, _ => None end.
Lemma oadd_correct : forall p X Y x y, holdo X x -> holdo Y y -> holdo (oadd p X Y) (x + y).
Proof.
  intros p [X|] [Y|] x y; simpl; intros; subst; rewrite ?Rplus_0_l, ?Rplus_0_r; auto. now apply holds_add.
Qed.
Lemma omul_correct : forall p X Y x y, holdo X x -> holdo Y y -> holdo (omul p X Y) (x * y).
Proof. intros p [X|] [Y|] x y; simpl; intros; subst; rewrite ?Rmult_0_l, ?Rmult_0_r; auto. now apply holds_mul. Qed.
Definition plain (p : F.precision) (X : num) : I.type := match X with None => I.zero | Some X => X end.
Lemma plain_correct : forall p X x, holdo X x -> holds (plain p X) x.
Proof. intros p [X|] x; simpl; intros; subst; auto. exact holds_0. Qed.
Definition around1 : list num -> list R -> Prop := List.Forall2 holdo.
Definition around2 : list (list num) -> list (list R) -> Prop := List.Forall2 around1.
Definition add1 (p : F.precision) := padd num (oadd p).
Definition mul1 (p : F.precision) := pmul num None (oadd p) (omul p).
Definition add2 (p : F.precision) := padd (list num) (add1 p).
Definition mul2 (p : F.precision) := pmul (list num) nil (add1 p) (mul1 p).
Definition radd1 := padd R Rplus.
Definition rmul1 := pmul R 0 Rplus Rmult.
Definition radd2 := padd (list R) radd1.
Definition rmul2 := pmul (list R) nil radd1 rmul1.
Definition ev1 (x : R) (l : list R) : R := ev (fun a => a) x l.
Definition ev2 (x y : R) (l : list (list R)) : R := ev (ev1 y) x l.
Lemma add1_correct : forall p a b x y, around1 a x -> around1 b y -> around1 (add1 p a b) (radd1 x y).
Proof. intros. apply (padd_rel num R holdo); auto. intros; now apply oadd_correct. Qed.
Lemma mul1_correct : forall p a b x y, around1 a x -> around1 b y -> around1 (mul1 p a b) (rmul1 x y).
Proof. intros. apply (pmul_rel num R holdo); auto. reflexivity. intros; now apply oadd_correct. intros; now apply omul_correct. Qed.
Lemma add2_correct : forall p a b x y, around2 a x -> around2 b y -> around2 (add2 p a b) (radd2 x y).
Proof. intros. apply (padd_rel (list num) (list R) around1); auto. intros; now apply add1_correct. Qed.
Lemma mul2_correct : forall p a b x y, around2 a x -> around2 b y -> around2 (mul2 p a b) (rmul2 x y).
Proof.
  intros. apply (pmul_rel (list num) (list R) around1); auto. constructor. intros; now apply add1_correct. intros; now apply mul1_correct.
Qed.
Lemma ev1_add : forall x p q, ev1 x (radd1 p q) = ev1 x p + ev1 x q.
Proof. intros. apply ev_padd. auto. Qed.
Lemma ev1_mul : forall x p q, ev1 x (rmul1 p q) = ev1 x p * ev1 x q.
Proof. intros. apply ev_pmul; auto. Qed.
Lemma ev2_add : forall x y p q, ev2 x y (radd2 p q) = ev2 x y p + ev2 x y q.
Proof. intros. apply ev_padd. intros; apply ev1_add. Qed.
Lemma ev2_mul : forall x y p q, ev2 x y (rmul2 p q) = ev2 x y p * ev2 x y q.
Proof. intros. apply ev_pmul; auto. intros; apply ev1_add. intros; apply ev1_mul. Qed.
Definition scale1 (p : F.precision) (X : I.type) (l : list num) : list num := List.map (omul p (Some X)) l.
Definition rscale1 (c : R) (l : list R) : list R := List.map (Rmult c) l.
Lemma scale1_correct : forall p X c a x, holds X c -> around1 a x -> around1 (scale1 p X a) (rscale1 c x).
Proof. intros. apply (map_rel num R holdo); auto. intros. now apply omul_correct. Qed.
Lemma ev1_scale : forall c x p, ev1 x (rscale1 c p) = c * ev1 x p.
Proof. intros. apply ev_map. auto. Qed.
Definition scale2 (p : F.precision) (X : I.type) (l : list (list num)) : list (list num) := List.map (scale1 p X) l.
Definition rscale2 (c : R) (l : list (list R)) : list (list R) := List.map (rscale1 c) l.
Lemma scale2_correct : forall p X c a x, holds X c -> around2 a x -> around2 (scale2 p X a) (rscale2 c x).
Proof. intros. apply (map_rel (list num) (list R) around1); auto. intros. now apply scale1_correct. Qed.
Lemma ev2_scale : forall c x y p, ev2 x y (rscale2 c p) = c * ev2 x y p.
Proof. intros. apply ev_map. intros; apply ev1_scale. Qed.

(* --- a polynomial between 0 and R, as a sum of c_j cos(j theta) with v = R (1 + cos theta)/2 --- *)
Definition half1 (p : F.precision) (l : list num) : list num := scale1 p (ratio p 1 2) l.
Definition turn (p : F.precision) (c : list num) : list num :=
  match c with nil => nil | cons a c' => add1 p (half1 p c') (cons None (cons a (half1 p c'))) end.
Definition rturn (c : list R) : list R :=
  match c with nil => nil | cons a c' => radd1 (rscale1 (1 / 2) c') (cons 0 (cons a (rscale1 (1 / 2) c'))) end.
Fixpoint cosines (p : F.precision) (H : I.type) (l : list num) : list num :=
  match l with nil => nil | cons a l' => let c := cosines p H l' in add1 p (cons a nil) (scale1 p H (add1 p c (turn p c))) end.
Fixpoint rcosines (h : R) (l : list R) : list R :=
  match l with nil => nil | cons a l' => let c := rcosines h l' in radd1 (cons a nil) (rscale1 h (radd1 c (rturn c))) end.
Lemma turn_correct : forall p c x, around1 c x -> around1 (turn p c) (rturn x).
Proof.
  intros p c x [|]; cbn [turn rturn]. constructor. assert (around1 (half1 p l) (rscale1 (1 / 2) l')).
  { apply scale1_correct; auto. exact (ratio_correct p 1 2). }
  apply add1_correct; auto. constructor; [reflexivity|]. constructor; auto.
Qed.
Lemma cosines_correct : forall p H h, holds H h -> forall l x, around1 l x -> around1 (cosines p H l) (rcosines h x).
Proof.
  intros p H h Hh. induction 1; cbn [cosines rcosines]. constructor. apply add1_correct. now repeat constructor.
  apply scale1_correct; auto. apply add1_correct; auto. now apply turn_correct.
Qed.
Fixpoint vc (t a : R) (c : list R) : R := match c with nil => 0 | cons x c' => x * cos (a * t) + vc t (a + 1) c' end.
Lemma vc_add : forall t p q a, vc t a (radd1 p q) = vc t a p + vc t a q.
Proof. induction p; intros; simpl; [ring|]. destruct q; simpl; [ring|]. unfold radd1 in IHp. rewrite IHp. ring. Qed.
Lemma vc_scale : forall t c p a, vc t a (rscale1 c p) = c * vc t a p.
Proof. induction p; intros; simpl; [ring|]. unfold rscale1 in IHp. rewrite IHp. ring. Qed.
Lemma vc_turn : forall t p a, cos t * vc t a p = (vc t (a + 1) p + vc t (a - 1) p) / 2.
Proof.
  induction p; intros; simpl; [field|]. rewrite Rmult_plus_distr_l, IHp.
  replace (a0 - 1 + 1) with a0 by ring. replace (a0 + 1 - 1) with a0 by ring.
  replace ((a0 + 1) * t) with (a0 * t + t) by ring. replace ((a0 - 1) * t) with (a0 * t - t) by ring.
  rewrite cos_plus, cos_minus. field.
Qed.
Lemma vc_rturn : forall t c, vc t 0 (rturn c) = cos t * vc t 0 c.
Proof.
  intros t [|a c]; [simpl; ring|]. change (vc t 0 (radd1 (rscale1 (1 / 2) c) (cons 0 (cons a (rscale1 (1 / 2) c)))) = cos t * (a * cos (0 * t) + vc t (0 + 1) c)).
  rewrite vc_add, vc_scale. cbn [vc]. rewrite vc_scale.
  rewrite Rmult_plus_distr_l, vc_turn. replace (0 + 1 - 1) with 0 by ring.
  replace (0 * t) with 0 by ring. replace ((0 + 1) * t) with t by ring. rewrite cos_0. field.
Qed.
Lemma vc_rcosines : forall h t l, vc t 0 (rcosines h l) = ev1 (h * (1 + cos t)) l.
Proof.
  intros h t. induction l; [reflexivity|].
  change (vc t 0 (radd1 (cons a nil) (rscale1 h (radd1 (rcosines h l) (rturn (rcosines h l))))) = a + h * (1 + cos t) * ev1 (h * (1 + cos t)) l).
  rewrite vc_add, vc_scale, vc_add, vc_rturn, IHl. cbn [vc]. replace (0 * t) with 0 by ring. rewrite cos_0. ring.
Qed.
Fixpoint sizes (p : F.precision) (c : list num) : I.type :=
  match c with nil => I.zero | cons X c' => I.add p (I.abs (plain p X)) (sizes p c') end.
Fixpoint rsizes (c : list R) : R := match c with nil => 0 | cons x c' => Rabs x + rsizes c' end.
Lemma sizes_correct : forall p c x, around1 c x -> holds (sizes p c) (rsizes x).
Proof. induction 1; simpl. exact holds_0. apply holds_add; auto. apply holds_abs. now apply plain_correct. Qed.
Lemma vc_size : forall t c a, Rabs (vc t a c) <= rsizes c.
Proof.
  induction c; intros; simpl. rewrite Rabs_R0. lra. apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; auto.
  rewrite Rabs_mult. pose proof (Rabs_pos a). assert (Rabs (cos (a0 * t)) <= 1). { apply Rabs_le. apply COS_bound. }
  replace (Rabs a) with (Rabs a * 1) at 2 by ring. now apply Rmult_le_compat_l.
Qed.
Lemma angle : forall r v, 0 < r -> 0 <= v <= r -> exists t, v = r / 2 * (1 + cos t).
Proof.
  intros r v P H. exists (acos (2 * v / r - 1)). rewrite cos_acos. field. lra.
  assert (0 <= v / r <= 1). { split. apply Rdiv_le_0_compat; lra. apply Rmult_le_reg_r with r; auto. unfold Rdiv. rewrite Rmult_assoc, Rinv_l; lra. }
  unfold Rdiv in *. rewrite Rmult_assoc. lra.
Qed.
Lemma ev1_size : forall r v l, 0 < r -> 0 <= v <= r -> Rabs (ev1 v l) <= rsizes (rcosines (r / 2) l).
Proof. intros r v l P H. destruct (angle r v P H) as [t ->]. rewrite <- vc_rcosines. apply vc_size. Qed.
Definition least (p : F.precision) (c : list num) : I.type :=
  match c with nil => I.zero | cons X c' => I.sub p (plain p X) (sizes p c') end.
Definition rleast (c : list R) : R := match c with nil => 0 | cons x c' => x - rsizes c' end.
Lemma least_correct : forall p c x, around1 c x -> holds (least p c) (rleast x).
Proof. intros p c x [|]; simpl. exact holds_0. apply holds_sub. now apply plain_correct. now apply sizes_correct. Qed.
Lemma ev1_least : forall r v l, 0 < r -> 0 <= v <= r -> rleast (rcosines (r / 2) l) <= ev1 v l.
Proof.
  intros r v l P H. destruct (angle r v P H) as [t ->]. rewrite <- vc_rcosines. destruct (rcosines (r / 2) l) as [|a c]; simpl. lra.
  replace (0 * t) with 0 by ring. rewrite cos_0. pose proof (vc_size t c (0 + 1)) as S. apply Rabs_le_between in S. lra.
Qed.
Ltac reals := match goal with |- ?a = ?b => change (@eq R a b) end.
(* --- tanh by an odd polynomial: where 1 - P^2 - P' is small, and P above zero, tanh - P is small --- *)
Fixpoint odds (p : F.precision) (k : Z) (l : list num) : list num :=
  match l with nil => nil | cons a l' => cons (omul p (Some (I.fromZ p (2 * k + 1))) a) (odds p (k + 1) l') end.
Fixpoint rodds (k : Z) (l : list R) : list R :=
  match l with nil => nil | cons a l' => cons (IZR (2 * k + 1) * a) (rodds (k + 1) l') end.
Lemma odds_correct : forall p l x, around1 l x -> forall k, around1 (odds p k l) (rodds k x).
Proof. induction 1; intros; cbn [odds rodds]; constructor. apply omul_correct; auto. apply holds_Z. apply IHForall2. Qed.
Lemma odd_derive : forall u q k, is_derive (fun u => u ^ (2 * k + 1) * ev1 (u * u) q) u (u ^ (2 * k) * ev1 (u * u) (rodds (Z.of_nat k) q)).
Proof.
  intros u. induction q as [|a q]; intros k.
  - apply (is_derive_ext (fun _ => 0)). intros; reals; unfold ev1; simpl; ring. unfold ev1; simpl. rewrite Rmult_0_r. apply @is_derive_const.
  - specialize (IHq (S k)). cbn [rodds]. replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia.
    apply (is_derive_ext (fun u => a * u ^ (2 * k + 1) + u ^ (2 * S k + 1) * ev1 (u * u) q)).
    + intros. reals. unfold ev1. cbn [ev]. replace (2 * S k + 1)%nat with (2 * k + 1 + 2)%nat by lia. rewrite (pow_add _ (2 * k + 1) 2). ring.
    + replace (u ^ (2 * k) * ev1 (u * u) (cons (IZR (2 * Z.of_nat k + 1) * a) (rodds (Z.of_nat (S k)) q)))
        with (a * (IZR (2 * Z.of_nat k + 1) * u ^ (2 * k)) + u ^ (2 * S k) * ev1 (u * u) (rodds (Z.of_nat (S k)) q)).
      * apply (is_derive_plus (fun u => a * u ^ (2 * k + 1)) (fun u => u ^ (2 * S k + 1) * ev1 (u * u) q)); auto.
        apply is_derive_scal. replace (IZR (2 * Z.of_nat k + 1)) with (INR (2 * k + 1)) by (rewrite INR_IZR_INZ; f_equal; lia).
        replace (INR (2 * k + 1) * u ^ (2 * k)) with (INR (2 * k + 1) * 1 * u ^ pred (2 * k + 1)).
        apply (is_derive_pow (fun u => u)). apply @is_derive_id. replace (pred (2 * k + 1)) with (2 * k)%nat by lia. ring.
      * unfold ev1. cbn [ev]. replace (2 * S k)%nat with (2 * k + 2)%nat by lia. rewrite (pow_add _ (2 * k) 2). ring.
Qed.
Definition P (q : list R) (u : R) : R := u * ev1 (u * u) q.
Definition P' (q : list R) (u : R) : R := ev1 (u * u) (rodds 0 q).
Lemma P_derive : forall q u, is_derive (P q) u (P' q u).
Proof.
  intros. pose proof (odd_derive u q 0) as D. unfold P, P'. apply (is_derive_ext (fun u => u ^ (2 * 0 + 1) * ev1 (u * u) q)).
  intros; reals; simpl; ring. simpl in D |- *. rewrite Rmult_1_l in D. exact D.
Qed.
Definition rrest (q : list R) : list R :=
  radd1 (cons 1 nil) (rscale1 (-1) (radd1 (cons 0 (rmul1 q q)) (rodds 0 q))).
Definition rest (p : F.precision) (q : list num) : list num :=
  add1 p (cons (Some (I.fromZ p 1)) nil) (scale1 p (I.fromZ p (-1)) (add1 p (cons None (mul1 p q q)) (odds p 0 q))).
Lemma rest_correct : forall p q x, around1 q x -> around1 (rest p q) (rrest x).
Proof.
  intros. apply add1_correct. constructor; [|constructor]. exact (holds_Z p 1). apply scale1_correct. exact (holds_Z p (-1)).
  apply add1_correct. constructor. reflexivity. now apply mul1_correct. now apply odds_correct.
Qed.
Lemma rrest_value : forall q u, ev1 (u * u) (rrest q) = 1 - P q u ^ 2 - P' q u.
Proof.
  intros. unfold rrest. rewrite ev1_add, ev1_scale, ev1_add. unfold P, P'.
  change (ev1 (u * u) (cons 0 (rmul1 q q))) with (0 + u * u * ev1 (u * u) (rmul1 q q)). rewrite ev1_mul.
  change (ev1 (u * u) (cons 1 nil)) with (1 + u * u * 0). ring.
Qed.
Lemma tanh_size : forall u, -1 < tanh u < 1.
Proof.
  intros. rewrite tanh_exp. pose proof (exp_pos (2 * u)).
  assert (0 < 2 / (exp (2 * u) + 1) < 2).
  { split. apply Rdiv_lt_0_compat; lra. apply Rmult_lt_reg_r with (exp (2 * u) + 1). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  lra.
Qed.
Lemma tanh_opp : forall u, tanh (- u) = - tanh u.
Proof.
  intros. unfold tanh, sinh, cosh. rewrite Ropp_involutive. pose proof (exp_pos u). pose proof (exp_pos (- u)). field. lra.
Qed.
Lemma tanh_nonneg : forall u, 0 <= u -> 0 <= tanh u.
Proof.
  intros. rewrite tanh_exp. assert (1 <= exp (2 * u)). { rewrite <- exp_0. destruct H; [left; apply exp_increasing; lra | subst; rewrite Rmult_0_r; lra]. }
  assert (2 / (exp (2 * u) + 1) <= 1). { apply Rmult_le_reg_r with (exp (2 * u) + 1). lra. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  lra.
Qed.
Lemma mean_value : forall f g a b, a <= b -> (forall x, is_derive f x (g x)) -> exists c, a <= c <= b /\ f b - f a = g c * (b - a).
Proof.
  intros f g a b H D. destruct (MVT_gen f a b g) as [c [C1 C2]].
  - intros; apply D.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous f). eexists; apply D.
  - exists c. rewrite Rmin_left, Rmax_right in C1 by auto. auto.
Qed.
Theorem near_tanh : forall q r d, (forall v, 0 <= v <= r * r -> 0 <= ev1 v q) -> (forall v, 0 <= v <= r * r -> Rabs (ev1 v (rrest q)) <= d) ->
  forall u, Rabs u <= r -> Rabs (tanh u - P q u) <= d * r.
Proof.
  intros q r d HP HR.
  assert (D0 : 0 <= d). { pose proof (HR 0) as K. pose proof (Rabs_pos (ev1 0 (rrest q))). pose proof (Rle_0_sqr r). unfold Rsqr in *. specialize (K ltac:(lra)). lra. }
  assert (Pos : forall u, 0 <= u <= r -> Rabs (tanh u - P q u) <= d * r).
  { intros u U.
    set (B := fun u => RInt (P q) 0 u). set (W := fun u => exp (B u) * cosh u). set (G := fun u => (tanh u - P q u) * W u).
    assert (CP : forall x, continuous (P q) x). { intros. apply (ex_derive_continuous (P q)). eexists; apply P_derive. }
    assert (DB : forall x, is_derive B x (P q x)).
    { intros x. apply (is_derive_RInt (P q) B 0 x); auto. exists (mkposreal 1 Rlt_0_1). intros y _. apply (RInt_correct (P q)). apply (ex_RInt_continuous (P q)); auto. }
    assert (Wp : forall x, 0 < W x). { intros. unfold W. apply Rmult_lt_0_compat. apply exp_pos. unfold cosh. pose proof (exp_pos x). pose proof (exp_pos (- x)). lra. }
    assert (Co : forall x, cosh x <> 0). { intros. unfold cosh. pose proof (exp_pos x). pose proof (exp_pos (- x)). lra. }
    assert (DW : forall x, is_derive W x ((P q x + tanh x) * W x)).
    { intros x. unfold W. replace ((P q x + tanh x) * (exp (B x) * cosh x)) with ((P q x * exp (B x)) * cosh x + exp (B x) * sinh x).
      - apply (is_derive_mult (fun u => exp (B u)) cosh). 3: exact Rmult_comm.
        apply (is_derive_comp exp B); auto. apply is_derive_exp. apply is_derive_Reals. apply derivable_pt_lim_cosh.
      - unfold tanh. field. apply Co. }
    assert (DG : forall x, is_derive G x (ev1 (x * x) (rrest q) * W x)).
    { intros x. rewrite rrest_value. unfold G.
      replace ((1 - P q x ^ 2 - P' q x) * W x) with ((1 - tanh x ^ 2 - P' q x) * W x + (tanh x - P q x) * ((P q x + tanh x) * W x)) by ring.
      apply (is_derive_mult (fun u => tanh u - P q u) W); auto. 2: exact Rmult_comm.
      apply (is_derive_minus tanh (P q)). apply is_derive_tanh. apply P_derive. }
    assert (Up : forall x y, 0 <= x -> x <= y -> y <= r -> W x <= W y).
    { intros x y X XY Y. destruct (mean_value W _ x y XY DW) as [c [C1 C2]].
      assert (0 <= P q c). { unfold P. apply Rmult_le_pos; [lra|]. apply HP. split. nra. apply Rmult_le_compat; lra. }
      pose proof (tanh_nonneg c ltac:(lra)). pose proof (Wp c).
      assert (0 <= (P q c + tanh c) * W c * (y - x)). { apply Rmult_le_pos; [apply Rmult_le_pos|]; lra. }
      lra. }
    destruct (mean_value G _ 0 u (proj1 U) DG) as [c [C1 C2]].
    assert (G0 : G 0 = 0). { unfold G. replace (tanh 0) with 0. unfold P. ring. unfold tanh. rewrite sinh_0. field. apply Co. }
    rewrite G0, !Rminus_0_r in C2.
    assert (E : tanh u - P q u = ev1 (c * c) (rrest q) * (W c / W u) * u).
    { unfold G in C2. apply Rmult_eq_reg_r with (W u). rewrite C2. field. pose proof (Wp u). lra. pose proof (Wp u). lra. }
    rewrite E, !Rabs_mult. rewrite (Rabs_pos_eq u) by lra.
    assert (Q : 0 <= W c / W u <= 1).
    { pose proof (Wp u). pose proof (Wp c). split. apply Rdiv_le_0_compat; lra. apply Rmult_le_reg_r with (W u); auto.
      unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r, Rmult_1_l by lra. apply Up; lra. }
    rewrite (Rabs_pos_eq (W c / W u)) by lra.
    assert (K : Rabs (ev1 (c * c) (rrest q)) <= d). { apply HR. split. nra. apply Rmult_le_compat; lra. }
    pose proof (Rabs_pos (ev1 (c * c) (rrest q))).
    apply Rmult_le_compat; try lra. apply Rmult_le_pos; lra.
    rewrite <- (Rmult_1_r d). apply Rmult_le_compat; lra. }
  intros u U. destruct (Rle_dec 0 u) as [N|N].
  - apply Pos. rewrite Rabs_pos_eq in U; lra.
  - assert (N' : u < 0) by lra. rewrite Rabs_left in U by auto. specialize (Pos (- u) ltac:(lra)).
    replace (tanh u - P q u) with (- (tanh (- u) - P q (- u))). now rewrite Rabs_Ropp.
    rewrite tanh_opp. unfold P. replace (- u * - u) with (u * u) by ring. ring.
Qed.
Lemma near_slope : forall q r d, 0 <= d * r -> (forall v, 0 <= v <= r * r -> Rabs (ev1 v (rrest q)) <= d) ->
  (forall u, Rabs u <= r -> Rabs (tanh u - P q u) <= d * r) ->
  forall u, Rabs u <= r -> Rabs (1 - tanh u ^ 2 - P' q u) <= d + d * r * (2 + d * r).
Proof.
  intros q r d D0 HR HT u U. specialize (HT u U). pose proof (tanh_size u) as T.
  assert (V : 0 <= u * u <= r * r).
  { split. nra. rewrite <- (Rabs_pos_eq (u * u)) by nra. rewrite Rabs_mult. pose proof (Rabs_pos u). apply Rmult_le_compat; lra. }
  specialize (HR _ V). rewrite rrest_value in HR.
  replace (1 - tanh u ^ 2 - P' q u) with ((1 - P q u ^ 2 - P' q u) - (tanh u - P q u) * (2 * tanh u - (tanh u - P q u))) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; auto. rewrite Rabs_Ropp, Rabs_mult.
  apply Rmult_le_compat; auto using Rabs_pos. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. apply Rplus_le_compat; auto.
  rewrite Rabs_mult, (Rabs_pos_eq 2) by lra. assert (Rabs (tanh u) <= 1) by (apply Rabs_le; lra). lra.
Qed.
(* --- the polynomial of a hint: whole numbers over D, where |u| <= r --- *)
Definition rcoefs (D : Z) (zs : list Z) : list R := List.map (fun z => IZR z / IZR D) zs.
Definition coefs_ (p : F.precision) (D : Z) (zs : list Z) : list num := List.map (fun z => Some (ratio p z D)) zs.
Lemma coefs_correct_ : forall p D zs, around1 (coefs_ p D zs) (rcoefs D zs).
Proof. induction zs; constructor; auto. exact (ratio_correct p a D). Qed.
Definition delta (p : F.precision) (H : I.type) (q : list num) : I.type := sizes p (cosines p H (rest p q)).
Fixpoint spread (l : list num) : list num := match l with nil => nil | cons a l' => cons None (cons a (spread l')) end.
Fixpoint rspread (l : list R) : list R := match l with nil => nil | cons a l' => cons 0 (cons a (rspread l')) end.
Fixpoint gaps (l : list num) : list num := match l with nil => nil | cons a l' => cons a (cons None (gaps l')) end.
Fixpoint rgaps (l : list R) : list R := match l with nil => nil | cons a l' => cons a (cons 0 (rgaps l')) end.
Lemma spread_correct : forall l x, around1 l x -> around1 (spread l) (rspread x).
Proof. induction 1; simpl; constructor. reflexivity. constructor; auto. Qed.
Lemma gaps_correct : forall l x, around1 l x -> around1 (gaps l) (rgaps x).
Proof. induction 1; simpl; constructor; auto. constructor; auto. reflexivity. Qed.
Lemma spread_value : forall u l, ev1 u (rspread l) = u * ev1 (u * u) l.
Proof. unfold ev1. induction l; simpl; [ring|]. rewrite IHl. ring. Qed.
Lemma gaps_value : forall u l, ev1 u (rgaps l) = ev1 (u * u) l.
Proof. unfold ev1. induction l; simpl; [ring|]. rewrite IHl. ring. Qed.
Record fact := { reach : I.type; tanh_list : list num; tanh_error : I.type; slope_list : list num; slope_error : I.type }.
Definition fact_of (p : F.precision) (D : Z) (zs : list Z) (rn rd : Z) : option fact :=
  let r := ratio p rn rd in let r2 := I.mul p r r in let H := I.div p r2 (I.fromZ p 2) in let q := coefs_ p D zs in
  let d := delta p H q in let e := I.mul p d r in
  if Z.ltb 0 rn && Z.ltb 0 rd && known_nonneg (least p (cosines p H q)) then
    Some {| reach := r2; tanh_list := spread q; tanh_error := e; slope_list := gaps (odds p 0 q);
      slope_error := I.add p d (I.mul p e (I.add p (I.fromZ p 2) e)) |}
  else None.
Definition near_ (f : R -> R) (r2 : R) (l : list num) (E : I.type) : Prop :=
  exists c e, around1 l c /\ holds E e /\ 0 <= e /\ forall u, u * u <= r2 -> Rabs (f u - ev1 u c) <= e.
Definition true_fact (F0 : fact) : Prop := exists r2, holds (reach F0) r2 /\
  near_ tanh r2 (tanh_list F0) (tanh_error F0) /\ near_ (fun u => 1 - tanh u ^ 2) r2 (slope_list F0) (slope_error F0).
Theorem fact_correct : forall p D zs rn rd F0, fact_of p D zs rn rd = Some F0 -> true_fact F0.
Proof.
  intros p D zs rn rd F0. unfold fact_of.
  set (r := ratio p rn rd). set (H := I.div p (I.mul p r r) (I.fromZ p 2)). set (q := coefs_ p D zs).
  destruct (Z.ltb 0 rn && Z.ltb 0 rd && known_nonneg (least p (cosines p H q))) eqn:C; [|discriminate].
  parts. intros E; injection E; intros <-; clear E. apply Z.ltb_lt, IZR_lt in H0. apply Z.ltb_lt, IZR_lt in H2.
  set (rr := IZR rn / IZR rd). assert (Pr : 0 < rr) by (apply Rdiv_lt_0_compat; auto).
  assert (Hr : holds r rr) by apply ratio_correct. assert (Pr2 : 0 < rr * rr) by (apply Rmult_lt_0_compat; auto).
  assert (HH : holds H (rr * rr / 2)). { apply holds_div. now apply holds_mul. apply holds_Z. }
  assert (Hq : around1 q (rcoefs D zs)) by apply coefs_correct_. set (c := rcoefs D zs) in *.
  set (d := rsizes (rcosines (rr * rr / 2) (rrest c))).
  assert (Hd : holds (delta p H q) d). { apply sizes_correct. apply cosines_correct; auto. now apply rest_correct. }
  assert (A : forall v, 0 <= v <= rr * rr -> 0 <= ev1 v c).
  { intros v V. apply Rle_trans with (2 := ev1_least (rr * rr) v c Pr2 V).
    apply known_nonneg_correct with (1 := H1). apply least_correct. now apply cosines_correct. }
  assert (B : forall v, 0 <= v <= rr * rr -> Rabs (ev1 v (rrest c)) <= d) by (intros; now apply ev1_size).
  pose proof (near_tanh c rr d A B) as T.
  assert (D0 : 0 <= d * rr).
  { apply Rmult_le_pos; [|lra]. pose proof (B 0 ltac:(lra)). pose proof (Rabs_pos (ev1 0 (rrest c))). lra. }
  assert (Sq : forall u, u * u <= rr * rr -> Rabs u <= rr).
  { intros u U. apply Rsqr_le_abs_0 in U. now rewrite (Rabs_pos_eq rr) in U by lra. }
  exists (rr * rr). cbn [reach tanh_list tanh_error slope_list slope_error]. split; [now apply holds_mul|]. split.
  - exists (rspread c), (d * rr). split; [now apply spread_correct|]. split; [now apply holds_mul|]. split; auto.
    intros u U. rewrite spread_value. apply T. auto.
  - exists (rgaps (rodds 0 c)), (d + d * rr * (2 + d * rr)). split; [now apply gaps_correct, odds_correct|].
    split. { apply holds_add; auto. apply holds_mul. now apply holds_mul. apply holds_add. apply holds_Z. now apply holds_mul. }
    split. { pose proof (Rmult_le_pos _ (2 + d * rr) D0 ltac:(lra)). pose proof (B 0 ltac:(lra)). pose proof (Rabs_pos (ev1 0 (rrest c))). lra. }
    intros u U. rewrite gaps_value. apply (near_slope c rr d D0 B T). auto.
Qed.

(* --- formulas in two coordinates of the disc --- *)
Inductive dt :=
  | DC (k : nat) | DN (z : Z) | DX | DY | DAdd (a b : dt) | DSub (a b : dt) | DMul (a b : dt) | DDiv (a : dt) (z : Z)
  | DPow (a : dt) (n : nat) | DT (j k : nat) | DS (j k : nat).
Fixpoint dv (e : list R) (t : dt) (x y : R) : R :=
  match t with
  | DC k => List.nth k e 0 | DN z => IZR z | DX => x | DY => y
  | DAdd a b => dv e a x y + dv e b x y | DSub a b => dv e a x y - dv e b x y | DMul a b => dv e a x y * dv e b x y
  | DDiv a z => dv e a x y / IZR z | DPow a n => dv e a x y ^ n
  | DT j k => tanh (List.nth j e 0 * x + List.nth k e 0 * y)
  | DS j k => 1 - tanh (List.nth j e 0 * x + List.nth k e 0 * y) ^ 2
  end.
Record model := { poly : list (list num); error : I.type; most : I.type }.
Definition good (M : model) (f : R -> R -> R) : Prop :=
  exists c e m, around2 (poly M) c /\ holds (error M) e /\ holds (most M) m /\ 0 <= e /\ 0 <= m /\
  forall x y, x * x + y * y <= 1 -> Rabs (f x y - ev2 x y c) <= e /\ Rabs (f x y) <= m.
Definition constant2 (X : I.type) : model := {| poly := cons (cons (Some X) nil) nil; error := I.zero; most := I.abs X |}.
Lemma good_constant : forall X c, holds X c -> good (constant2 X) (fun _ _ => c).
Proof.
  intros. exists (cons (cons c nil) nil), 0, (Rabs c). cbn [constant2 poly error most].
  split. { constructor; [|constructor]. constructor; [exact H | constructor]. }
  split; [exact holds_0|]. split; [now apply holds_abs|]. split; [lra|]. split; [apply Rabs_pos|].
  intros. split; [|lra]. unfold ev2, ev1. cbn [ev]. replace (c - (c + y * 0 + x * 0)) with 0 by ring. rewrite Rabs_R0. lra.
Qed.
Lemma inside_x : forall x y, x * x + y * y <= 1 -> Rabs x <= 1.
Proof.
  intros. assert (K : Rsqr x <= Rsqr 1) by (unfold Rsqr; nra). apply Rsqr_le_abs_0 in K. now rewrite Rabs_R1 in K.
Qed.
Definition sum2 (p : F.precision) (M N : model) : model :=
  {| poly := add2 p (poly M) (poly N); error := I.add p (error M) (error N); most := I.add p (most M) (most N) |}.
Lemma good_add : forall p M N f g, good M f -> good N g -> good (sum2 p M N) (fun x y => f x y + g x y).
Proof.
  intros p M N f g [c [e [m [C [E [M0 [E0 [M1 B]]]]]]]] [c' [e' [m' [C' [E' [M0' [E0' [M1' B']]]]]]]].
  exists (radd2 c c'), (e + e'), (m + m'). split; [now apply add2_correct|]. split; [now apply holds_add|]. split; [now apply holds_add|].
  split; [lra|]. split; [lra|]. intros x y D. specialize (B x y D). specialize (B' x y D). rewrite ev2_add. split.
  - replace (f x y + g x y - (ev2 x y c + ev2 x y c')) with ((f x y - ev2 x y c) + (g x y - ev2 x y c')) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). lra.
  - apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
Definition times2 (p : F.precision) (X : I.type) (M : model) : model :=
  {| poly := scale2 p X (poly M); error := I.mul p (I.abs X) (error M); most := I.mul p (I.abs X) (most M) |}.
Lemma good_times : forall p X a M f, holds X a -> good M f -> good (times2 p X M) (fun x y => a * f x y).
Proof.
  intros p X a M f A [c [e [m [C [E [M0 [E0 [M1 B]]]]]]]]. pose proof (Rabs_pos a) as Pa.
  exists (rscale2 a c), (Rabs a * e), (Rabs a * m). split; [now apply scale2_correct|].
  split; [apply holds_mul; auto; now apply holds_abs|]. split; [apply holds_mul; auto; now apply holds_abs|].
  split; [now apply Rmult_le_pos|]. split; [now apply Rmult_le_pos|]. intros x y D. specialize (B x y D). rewrite ev2_scale. split.
  - rewrite <- Rmult_minus_distr_l, Rabs_mult. now apply Rmult_le_compat_l.
  - rewrite Rabs_mult. now apply Rmult_le_compat_l.
Qed.
Definition prod2 (p : F.precision) (M N : model) : model :=
  {| poly := mul2 p (poly M) (poly N);
     error := I.add p (I.mul p (error M) (most N)) (I.mul p (I.add p (most M) (error M)) (error N));
     most := I.mul p (most M) (most N) |}.
Lemma product_error : forall a b u v e f m n, Rabs (a - u) <= e -> Rabs (b - v) <= f -> Rabs a <= m -> Rabs b <= n -> 
  Rabs (a * b - u * v) <= e * n + (m + e) * f.
Proof.
  intros. replace (a * b - u * v) with ((a - u) * b + u * (b - v)) by ring. apply Rle_trans with (1 := Rabs_triang _ _).
  rewrite !Rabs_mult. apply Rplus_le_compat. apply Rmult_le_compat; auto using Rabs_pos.
  apply Rmult_le_compat; auto using Rabs_pos. replace u with (a + - (a - u)) by ring. apply Rle_trans with (1 := Rabs_triang _ _).
  rewrite Rabs_Ropp. lra.
Qed.
Lemma good_mul : forall p M N f g, good M f -> good N g -> good (prod2 p M N) (fun x y => f x y * g x y).
Proof.
  intros p M N f g [c [e [m [C [E [M0 [E0 [M1 B]]]]]]]] [c' [e' [m' [C' [E' [M0' [E0' [M1' B']]]]]]]].
  exists (rmul2 c c'), (e * m' + (m + e) * e'), (m * m'). split; [now apply mul2_correct|].
  split. { apply holds_add; apply holds_mul; auto. now apply holds_add. } split; [now apply holds_mul|].
  split. { apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra. } split; [now apply Rmult_le_pos|].
  intros x y D. specialize (B x y D). specialize (B' x y D). rewrite ev2_mul. split.
  - apply product_error; tauto.
  - rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos; tauto.
Qed.
Fixpoint pow2 (p : F.precision) (M : model) (n : nat) : model :=
  match n with O => constant2 (I.fromZ p 1) | S O => M | S n' => prod2 p M (pow2 p M n') end.
Lemma good_ext : forall M f g, (forall x y, f x y = g x y) -> good M f -> good M g.
Proof.
  intros M f g H [c [e [m [C [E [M0 [E0 [M1 B]]]]]]]]. exists c, e, m. repeat (split; auto). intros. rewrite <- H. now apply B.
  rewrite <- H. now apply B.
Qed.
Lemma good_pow : forall p M f n, good M f -> good (pow2 p M n) (fun x y => f x y ^ n).
Proof.
  intros p M f n G. induction n as [|[|n] IH].
  - apply (good_constant (I.fromZ p 1) 1). apply holds_Z.
  - apply (good_ext M f); auto. intros; simpl; ring.
  - apply (good_mul p M (pow2 p M (S n)) f (fun x y => f x y ^ S n) G IH).
Qed.
Definition along (A B : num) : list (list num) := cons (cons None (cons B nil)) (cons (cons A nil) nil).
Fixpoint comp2 (p : F.precision) (l : list (list num)) (c : list num) : list (list num) :=
  match c with nil => nil | cons a c' => add2 p (cons (cons a nil) nil) (mul2 p l (comp2 p l c')) end.
Fixpoint rcomp2 (l : list (list R)) (c : list R) : list (list R) :=
  match c with nil => nil | cons a c' => radd2 (cons (cons a nil) nil) (rmul2 l (rcomp2 l c')) end.
Lemma comp2_correct : forall p l l', around2 l l' -> forall c x, around1 c x -> around2 (comp2 p l c) (rcomp2 l' x).
Proof.
  intros p l l' L. induction 1; cbn [comp2 rcomp2]. constructor. apply add2_correct. repeat constructor; auto. now apply mul2_correct.
Qed.
Lemma comp2_value : forall x y l c, ev2 x y (rcomp2 l c) = ev1 (ev2 x y l) c.
Proof.
  induction c; [reflexivity|]. cbn [rcomp2]. rewrite ev2_add, ev2_mul, IHc. unfold ev2, ev1. cbn [ev]. ring.
Qed.
Definition seen (X : I.type) : num := if known_nonneg X && known_nonneg (I.neg X) then None else Some X.
Lemma seen_correct : forall X x, holds X x -> holdo (seen X) x.
Proof.
  intros. unfold seen. destruct (known_nonneg X && known_nonneg (I.neg X)) eqn:K; [|exact H]. parts.
  pose proof (known_nonneg_correct _ _ H0 H). pose proof (known_nonneg_correct _ _ H1 (holds_neg _ _ H)). simpl. lra.
Qed.
Definition of_function (p : F.precision) (A B : I.type) (l : list num) (E Mo : I.type) : model :=
  {| poly := comp2 p (along (seen A) (seen B)) l; error := E; most := Mo |}.
Lemma cauchy : forall a b x y, x * x + y * y <= 1 -> (a * x + b * y) * (a * x + b * y) <= a * a + b * b.
Proof.
  intros. assert ((a * x + b * y) * (a * x + b * y) + (a * y - b * x) * (a * y - b * x) = (a * a + b * b) * (x * x + y * y)) by ring.
  pose proof (Rle_0_sqr (a * y - b * x)). unfold Rsqr in *. assert ((a * a + b * b) * (x * x + y * y) <= (a * a + b * b) * 1).
  { apply Rmult_le_compat_l; auto. nra. } lra.
Qed.
Lemma good_function : forall p A B a b (f : R -> R) r2 l E, holds A a -> holds B b -> a * a + b * b <= r2 -> near_ f r2 l E ->
  (forall u, -1 <= f u <= 1) -> good (of_function p A B l E (I.fromZ p 1)) (fun x y => f (a * x + b * y)).
Proof.
  intros p A B a b f r2 l E HA HB R2 [c [e [C [HE [E0 N]]]]] Bo. exists (rcomp2 (cons (cons 0 (cons b nil)) (cons (cons a nil) nil)) c), e, 1.
  split.
  { apply comp2_correct; auto. constructor; [|constructor; [|constructor]].
    - constructor. reflexivity. constructor; [|constructor]. now apply seen_correct.
    - constructor; [|constructor]. now apply seen_correct. }
  split; auto. split; [apply holds_Z|]. split; auto. split; [lra|]. intros x y D. rewrite comp2_value.
  replace (ev2 x y (cons (cons 0 (cons b nil)) (cons (cons a nil) nil))) with (a * x + b * y) by (unfold ev2, ev1; cbn [ev]; ring).
  split. apply N. apply Rle_trans with (2 := R2). now apply cauchy. apply Rabs_le. apply Bo.
Qed.
Fixpoint dm (p : F.precision) (F0 : fact) (E : list I.type) (t : dt) : option model :=
  let both := fun (op : model -> model -> model) a b => match dm p F0 E a, dm p F0 E b with Some M, Some N => Some (op M N) | _, _ => None end in
  let small := fun j k => let A := List.nth j E I.nai in let B := List.nth k E I.nai in
    known_nonneg (I.sub p (reach F0) (I.add p (I.mul p A A) (I.mul p B B))) in
  match t with
  | DC k => Some (constant2 (List.nth k E I.nai)) | DN z => Some (constant2 (I.fromZ p z))
  | DX => Some {| poly := cons nil (cons (cons (Some (I.fromZ p 1)) nil) nil); error := I.zero; most := I.fromZ p 1 |}
  | DY => Some {| poly := cons (cons None (cons (Some (I.fromZ p 1)) nil)) nil; error := I.zero; most := I.fromZ p 1 |}
  | DAdd a b => both (sum2 p) a b
  | DSub a b => both (fun M N => sum2 p M (times2 p (I.fromZ p (-1)) N)) a b
  | DMul a b => both (prod2 p) a b
  | DDiv a z => match dm p F0 E a with Some M => Some (times2 p (ratio p 1 z) M) | None => None end
  | DPow a n => match dm p F0 E a with Some M => Some (pow2 p M n) | None => None end
  | DT j k => if small j k then Some (of_function p (List.nth j E I.nai) (List.nth k E I.nai) (tanh_list F0) (tanh_error F0) (I.fromZ p 1)) else None
  | DS j k => if small j k then Some (of_function p (List.nth j E I.nai) (List.nth k E I.nai) (slope_list F0) (slope_error F0) (I.fromZ p 1)) else None
  end.
Theorem dm_correct : forall p F0 E e, true_fact F0 -> around E e -> forall t M, dm p F0 E t = Some M -> good M (dv e t).
Proof.
  intros p F0 E e [r2 [HR [NT NS]]] HE. induction t; cbn [dm dv]; intros M K.
  - injection K; intros <-. apply good_constant. apply HE.
  - injection K; intros <-. apply good_constant. apply holds_Z.
  - injection K; intros <-. exists (cons nil (cons (cons 1 nil) nil)), 0, 1. cbn [poly error most].
    split. { constructor. constructor. constructor; [|constructor]. constructor; [|constructor]. exact (holds_Z p 1). } split; [exact holds_0|]. split; [apply holds_Z|]. split; [lra|]. split; [lra|].
    intros x y D. split. unfold ev2, ev1; cbn [ev]. replace (x - (0 + x * (1 + y * 0 + x * 0))) with 0 by ring. rewrite Rabs_R0; lra. now apply inside_x with y.
  - injection K; intros <-. exists (cons (cons 0 (cons 1 nil)) nil), 0, 1. cbn [poly error most].
    split. { constructor; [|constructor]. constructor. reflexivity. constructor; [|constructor]. exact (holds_Z p 1). } split; [exact holds_0|]. split; [apply holds_Z|]. split; [lra|]. split; [lra|].
    intros x y D. split. unfold ev2, ev1; cbn [ev]. replace (y - (0 + y * (1 + y * 0) + x * 0)) with 0 by ring. rewrite Rabs_R0; lra. apply inside_x with x. lra.
  - destruct (dm p F0 E t1), (dm p F0 E t2); try discriminate. injection K; intros <-. apply (good_add p _ _ (dv e t1) (dv e t2)); auto.
  - destruct (dm p F0 E t1), (dm p F0 E t2); try discriminate. injection K; intros <-.
    apply (good_ext _ (fun x y => dv e t1 x y + -1 * dv e t2 x y)). intros; ring. apply (good_add p _ _ (dv e t1)); auto.
    apply (good_times p _ (-1) _ (dv e t2)); auto. apply holds_Z.
  - destruct (dm p F0 E t1), (dm p F0 E t2); try discriminate. injection K; intros <-. apply (good_mul p _ _ (dv e t1) (dv e t2)); auto.
  - destruct (dm p F0 E t); try discriminate. injection K; intros <-. apply (good_ext _ (fun x y => 1 / IZR z * dv e t x y)).
    intros; unfold Rdiv; ring. apply (good_times p _ (1 / IZR z) _ (dv e t)); auto. exact (ratio_correct p 1 z).
  - destruct (dm p F0 E t); try discriminate. injection K; intros <-. apply good_pow; auto.
  - destruct (known_nonneg _) eqn:Q; [|discriminate]. injection K; intros <-.
    apply known_nonneg_correct with (x := r2 - (List.nth j e 0 * List.nth j e 0 + List.nth k e 0 * List.nth k e 0)) in Q.
    apply (good_function p _ _ (List.nth j e 0) (List.nth k e 0) tanh r2); auto. lra. intros. pose proof (tanh_size u); lra.
    apply holds_sub; auto. apply holds_add; apply holds_mul; auto.
  - destruct (known_nonneg _) eqn:Q; [|discriminate]. injection K; intros <-.
    apply known_nonneg_correct with (x := r2 - (List.nth j e 0 * List.nth j e 0 + List.nth k e 0 * List.nth k e 0)) in Q.
    apply (good_function p _ _ (List.nth j e 0) (List.nth k e 0) (fun u => 1 - tanh u ^ 2) r2); auto. lra. intros. pose proof (tanh_size u); nra.
    apply holds_sub; auto. apply holds_add; apply holds_mul; auto.
Qed.
(* --- integrals of powers of sine and cosine from 0 to PI/2 --- *)
Definition J (i j : nat) : R := RInt (fun s => sin s ^ i * cos s ^ j) 0 (PI / 2).
Lemma J_is : forall i j, is_RInt (fun s => sin s ^ i * cos s ^ j) 0 (PI / 2) (J i j).
Proof.
  intros. apply (RInt_correct (fun s => sin s ^ i * cos s ^ j)). apply (ex_RInt_continuous (fun s => sin s ^ i * cos s ^ j)).
  intros. apply (ex_derive_continuous (fun s => sin s ^ i * cos s ^ j)). auto_derive. auto.
Qed.
Lemma J_unique : forall (f : R -> R) i j v, (forall s, f s = sin s ^ i * cos s ^ j) -> is_RInt f 0 (PI / 2) v -> J i j = v.
Proof. intros. apply (is_RInt_unique (fun s => sin s ^ i * cos s ^ j)). apply (is_RInt_ext f); auto. Qed.
Lemma J_parts : forall i j, INR (S i) * J i (S (S j)) = INR (S j) * J (S (S i)) j.
Proof.
  intros. set (df := fun s => INR (S i) * (sin s ^ i * cos s ^ S (S j)) - INR (S j) * (sin s ^ S (S i) * cos s ^ j)).
  assert (A : is_RInt df 0 (PI / 2) (INR (S i) * J i (S (S j)) - INR (S j) * J (S (S i)) j)).
  { apply (is_RInt_minus (fun s => INR (S i) * (sin s ^ i * cos s ^ S (S j))) (fun s => INR (S j) * (sin s ^ S (S i) * cos s ^ j)));
      apply (is_RInt_scal (fun s => sin s ^ _ * cos s ^ _)); apply J_is. }
  assert (B : is_RInt df 0 (PI / 2) (minus (sin (PI / 2) ^ S i * cos (PI / 2) ^ S j) (sin 0 ^ S i * cos 0 ^ S j))).
  { apply (is_RInt_derive (fun s => sin s ^ S i * cos s ^ S j) df).
    - intros s _. unfold df.
      replace (INR (S i) * (sin s ^ i * cos s ^ S (S j)) - INR (S j) * (sin s ^ S (S i) * cos s ^ j))
        with ((INR (S i) * cos s * sin s ^ i) * cos s ^ S j + sin s ^ S i * (INR (S j) * (- sin s) * cos s ^ j)) by (cbn [pow]; ring).
      apply (is_derive_mult (fun s => sin s ^ S i) (fun s => cos s ^ S j)). 3: exact Rmult_comm.
      apply (is_derive_pow sin (S i)). auto_derive; auto; ring. apply (is_derive_pow cos (S j)). auto_derive; auto; ring.
    - intros s _. apply (ex_derive_continuous df). unfold df. auto_derive. auto. }
  apply (is_RInt_unique df) in A. apply (is_RInt_unique df) in B. rewrite A in B. rewrite cos_PI2, sin_0 in B.
  rewrite !pow_i in B by lia. unfold minus, plus, opp in B; simpl in B. simpl. lra.
Qed.
Lemma J_sum : forall i j, J (S (S i)) j + J i (S (S j)) = J i j.
Proof.
  intros. symmetry. apply (J_unique (fun s => sin s ^ S (S i) * cos s ^ j + sin s ^ i * cos s ^ S (S j))).
  - intros s. replace (sin s ^ i * cos s ^ j) with (sin s ^ i * cos s ^ j * (Rsqr (sin s) + Rsqr (cos s))) by (rewrite sin2_cos2; ring).
    unfold Rsqr. cbn [pow]. ring.
  - apply (is_RInt_plus (fun s => sin s ^ S (S i) * cos s ^ j) (fun s => sin s ^ i * cos s ^ S (S j))); apply J_is.
Qed.
Lemma J_step : forall i j, J (S (S i)) j = IZR (Z.of_nat (S i)) / IZR (Z.of_nat (i + S (S j))) * J i j.
Proof.
  intros. pose proof (J_parts i j) as A. pose proof (J_sum i j) as B. rewrite <- !INR_IZR_INZ. rewrite !plus_INR, !S_INR in *.
  pose proof (pos_INR i). pose proof (pos_INR j). apply Rmult_eq_reg_l with (INR i + (INR j + 1 + 1)); [|lra].
  replace ((INR i + (INR j + 1 + 1)) * ((INR i + 1) / (INR i + (INR j + 1 + 1)) * J i j)) with ((INR i + 1) * J i j) by (field; lra).
  rewrite <- B. lra.
Qed.
Lemma J_cos : forall j, J 0 (S (S j)) = IZR (Z.of_nat (S j)) / IZR (Z.of_nat (S (S j))) * J 0 j.
Proof.
  intros. pose proof (J_parts 0 j) as A. pose proof (J_sum 0 j) as B. rewrite <- !INR_IZR_INZ. rewrite !S_INR in *. simpl INR in A.
  pose proof (pos_INR j). apply Rmult_eq_reg_l with (INR j + 1 + 1); [|lra].
  replace ((INR j + 1 + 1) * ((INR j + 1) / (INR j + 1 + 1) * J 0 j)) with ((INR j + 1) * J 0 j) by (field; lra).
  rewrite <- B. lra.
Qed.
Lemma J_00 : J 0 0 = PI / 2.
Proof.
  apply (J_unique (fun _ => 1)). intros; simpl; ring. replace (PI / 2) with (scal (PI / 2 - 0) 1) at 2. apply (is_RInt_const 0 (PI / 2) 1).
  unfold scal; simpl; unfold mult; simpl. reals. ring.
Qed.
Lemma J_01 : J 0 1 = 1.
Proof.
  apply (J_unique cos). intros; simpl; ring. replace 1 with (minus (sin (PI / 2)) (sin 0)).
  apply (is_RInt_derive sin cos). intros; auto_derive; auto; ring. intros; apply (ex_derive_continuous cos); auto_derive; auto.
  rewrite sin_PI2, sin_0. unfold minus, plus, opp; simpl. reals. ring.
Qed.
Lemma J_1 : forall j, J 1 j = 1 / IZR (Z.of_nat (S j)).
Proof.
  intros. rewrite <- INR_IZR_INZ. pose proof (pos_INR j). assert (N : INR (S j) <> 0) by (rewrite S_INR; lra).
  apply (J_unique (fun s => sin s * cos s ^ j)). intros; simpl; ring.
  replace (1 / INR (S j)) with (minus (- cos (PI / 2) ^ S j / INR (S j)) (- cos 0 ^ S j / INR (S j))).
  - apply (is_RInt_derive (fun s => - cos s ^ S j / INR (S j)) (fun s => sin s * cos s ^ j)).
    + intros s _. replace (sin s * cos s ^ j) with (- / INR (S j) * (INR (S j) * (- sin s) * cos s ^ j)) by (field; auto).
      apply (is_derive_ext (fun s => - / INR (S j) * cos s ^ S j)). intros; reals; unfold Rdiv; ring.
      apply is_derive_scal. apply (is_derive_pow cos (S j)). auto_derive; auto; ring.
    + intros s _. apply (ex_derive_continuous (fun s => sin s * cos s ^ j)). auto_derive. auto.
  - rewrite cos_PI2, cos_0, pow1, pow_i by lia. unfold minus, plus, opp; simpl. reals. field. auto.
Qed.
Definition quarter (p : F.precision) : I.type := I.div p (I.pi p) (I.fromZ p 2).
Lemma quarter_correct : forall p, holds (quarter p) (PI / 2).
Proof. intros. apply holds_div. exact (I.pi_correct p). apply holds_Z. Qed.
(* The table, row by row: from two neighbours come all of a row, and from two rows all. *)
Definition known_row (i : nat) (r : list I.type) (k : nat) : Prop := forall j, holds (at_ r j) (J i (k + j)).
Fixpoint first_row (p : F.precision) (n k : nat) (x y : I.type) : list I.type :=
  match n with O => nil | S n' =>
    cons x (first_row p n' (S k) y (over p (I.mul p (I.fromZ p (Z.of_nat (S k))) x) (I.fromZ p (Z.of_nat (S (S k)))))) end.
Fixpoint second_row (p : F.precision) (n k : nat) : list I.type :=
  match n with O => nil | S n' => cons (ratio p 1 (Z.of_nat (S k))) (second_row p n' (S k)) end.
Fixpoint next_row (p : F.precision) (i k : nat) (r : list I.type) : list I.type :=
  match r with nil => nil | cons x r' =>
    cons (over p (I.mul p (I.fromZ p (Z.of_nat (S i))) x) (I.fromZ p (Z.of_nat (i + S (S k))))) (next_row p i (S k) r') end.
Fixpoint table (p : F.precision) (n i : nat) (r s : list I.type) : list (list I.type) :=
  match n with O => nil | S n' => cons r (table p n' (S i) s (next_row p i 0 r)) end.
Lemma first_row_correct : forall p n k x y, holds x (J 0 k) -> holds y (J 0 (S k)) -> known_row 0 (first_row p n k x y) k.
Proof.
  intros p. induction n; intros k x y X Y j. destruct j; apply holds_nai. cbn [first_row]. destruct j as [|j].
  - rewrite Nat.add_0_r. exact X.
  - replace (k + S j)%nat with (S k + j)%nat by lia. apply IHn; auto. rewrite J_cos.
    replace (IZR (Z.of_nat (S k)) / IZR (Z.of_nat (S (S k))) * J 0 k) with (IZR (Z.of_nat (S k)) * J 0 k / IZR (Z.of_nat (S (S k)))) by (unfold Rdiv; ring).
    apply holds_over; [|apply holds_Z]. apply holds_mul; auto. apply holds_Z.
Qed.
Lemma second_row_correct : forall p n k, known_row 1 (second_row p n k) k.
Proof.
  intros p. induction n; intros k j. destruct j; apply holds_nai. cbn [second_row]. destruct j as [|j].
  - rewrite Nat.add_0_r, J_1. exact (ratio_correct p 1 (Z.of_nat (S k))).
  - replace (k + S j)%nat with (S k + j)%nat by lia. apply IHn.
Qed.
Lemma next_row_correct : forall p i r k, known_row i r k -> known_row (S (S i)) (next_row p i k r) k.
Proof.
  intros p i. induction r as [|x r]; intros k H j. destruct j; apply holds_nai. cbn [next_row]. destruct j as [|j].
  - rewrite Nat.add_0_r, J_step. specialize (H O). rewrite Nat.add_0_r in H.
    replace (IZR (Z.of_nat (S i)) / IZR (Z.of_nat (i + S (S k))) * J i k) with (IZR (Z.of_nat (S i)) * J i k / IZR (Z.of_nat (i + S (S k)))) by (unfold Rdiv; ring).
    apply holds_over; [|apply holds_Z]. apply holds_mul; [apply holds_Z | exact H].
  - replace (k + S j)%nat with (S k + j)%nat by lia. apply (IHr (S k)). intros m. specialize (H (S m)).
    replace (S k + m)%nat with (k + S m)%nat by lia. exact H.
Qed.
Lemma table_correct : forall p n i r s, known_row i r 0 -> known_row (S i) s 0 ->
  forall k j, holds (at_ (List.nth k (table p n i r s) nil) j) (J (i + k) j).
Proof.
  intros p. induction n; intros i r s A B k j. destruct k, j; apply holds_nai. cbn [table]. destruct k as [|k].
  - rewrite Nat.add_0_r. apply A.
  - replace (i + S k)%nat with (S i + k)%nat by lia. apply IHn; auto. now apply next_row_correct.
Qed.
Definition Jtable (p : F.precision) (n : nat) : list (list I.type) :=
  table p n 0 (first_row p n 0 (quarter p) (I.fromZ p 1)) (second_row p n 0).
Definition Jt (T : list (list I.type)) (i j : nat) : I.type := at_ (List.nth i T nil) j.
Lemma Jt_correct : forall p n i j, holds (Jt (Jtable p n) i j) (J i j).
Proof.
  intros. unfold Jt, Jtable. apply (table_correct p n 0). apply first_row_correct. rewrite J_00. apply quarter_correct.
  rewrite J_01. apply holds_Z. apply second_row_correct.
Qed.

(* --- what is linear in the coefficients --- *)
Fixpoint rrow (h : nat -> nat -> R) (i j : nat) (l : list R) : R := match l with nil => 0 | cons a l' => a * h i j + rrow h i (S j) l' end.
Fixpoint rrows (h : nat -> nat -> R) (i : nat) (l : list (list R)) : R := match l with nil => 0 | cons r l' => rrow h i 0 r + rrows h (S i) l' end.
Fixpoint row (p : F.precision) (h : nat -> nat -> I.type) (i j : nat) (l : list num) : I.type :=
  match l with
  | nil => I.zero | cons None l' => row p h i (S j) l' | cons (Some X) l' => I.add p (I.mul p X (h i j)) (row p h i (S j) l')
  end.
Fixpoint rows (p : F.precision) (h : nat -> nat -> I.type) (i : nat) (l : list (list num)) : I.type :=
  match l with nil => I.zero | cons r l' => I.add p (row p h i 0 r) (rows p h (S i) l') end.
Lemma row_correct : forall p h g, (forall i j, holds (h i j) (g i j)) -> forall l x, around1 l x -> forall i j, holds (row p h i j l) (rrow g i j x).
Proof.
  intros p h g H. induction 1; intros; cbn [row rrow]. exact holds_0. destruct x as [X|]; simpl in H0.
  - apply holds_add; [|apply IHForall2]. now apply holds_mul.
  - subst. rewrite Rmult_0_l, Rplus_0_l. apply IHForall2.
Qed.
Lemma rows_correct : forall p h g, (forall i j, holds (h i j) (g i j)) -> forall l x, around2 l x -> forall i, holds (rows p h i l) (rrows g i x).
Proof.
  intros p h g H. induction 1; intros; cbn [rows rrows]. exact holds_0. apply holds_add; [|apply IHForall2]. now apply row_correct.
Qed.
Lemma rrow_ext : forall g h, (forall i j, g i j = h i j) -> forall l i j, rrow g i j l = rrow h i j l.
Proof. intros g h H. induction l; intros; simpl; auto. now rewrite H, IHl. Qed.
Lemma rrows_ext : forall g h, (forall i j, g i j = h i j) -> forall l i, rrows g i l = rrows h i l.
Proof. intros g h H. induction l; intros; simpl; auto. now rewrite IHl, (rrow_ext g h). Qed.
Lemma rrow_scale : forall c g l i j, rrow (fun i j => c * g i j) i j l = c * rrow g i j l.
Proof. induction l; intros; simpl; [ring|]. rewrite IHl. ring. Qed.
Lemma rrows_scale : forall c g l i, rrows (fun i j => c * g i j) i l = c * rrows g i l.
Proof. induction l; intros; simpl; [ring|]. rewrite IHl, rrow_scale. ring. Qed.
Lemma rrow_power : forall x y l i j, rrow (fun i j => x ^ i * y ^ j) i j l = x ^ i * y ^ j * ev1 y l.
Proof. unfold ev1. induction l; intros; simpl; [ring|]. rewrite IHl. simpl. ring. Qed.
Lemma rrows_power : forall x y l i, rrows (fun i j => x ^ i * y ^ j) i l = x ^ i * ev2 x y l.
Proof. unfold ev2. induction l; intros; simpl; [ring|]. rewrite IHl, rrow_power. simpl. ring. Qed.
Lemma ev2_rows : forall x y l, ev2 x y l = rrows (fun i j => x ^ i * y ^ j) 0 l.
Proof. intros. rewrite rrows_power. simpl. ring. Qed.
Lemma rrow_integral : forall a b (h : nat -> nat -> R -> R) (g : nat -> nat -> R), (forall i j, is_RInt (h i j) a b (g i j)) ->
  forall l i j, is_RInt (fun s => rrow (fun i j => h i j s) i j l) a b (rrow g i j l).
Proof.
  intros a b h g H. induction l as [|c l]; intros; cbn [rrow].
  - pose proof (is_RInt_const a b (0 : R)) as K. unfold scal in K; simpl in K; unfold mult in K; simpl in K. rewrite Rmult_0_r in K. exact K.
  - apply (is_RInt_plus (fun s => c * h i j s) (fun s => rrow (fun i j => h i j s) i (S j) l)); auto. apply (is_RInt_scal (h i j)); auto.
Qed.
Lemma rrows_integral : forall a b (h : nat -> nat -> R -> R) (g : nat -> nat -> R), (forall i j, is_RInt (h i j) a b (g i j)) ->
  forall l i, is_RInt (fun s => rrows (fun i j => h i j s) i l) a b (rrows g i l).
Proof.
  intros a b h g H. induction l as [|c l]; intros; cbn [rrows].
  - pose proof (is_RInt_const a b (0 : R)) as K. unfold scal in K; simpl in K; unfold mult in K; simpl in K. rewrite Rmult_0_r in K. exact K.
  - apply (is_RInt_plus (fun s => rrow (fun i j => h i j s) i 0 c) (fun s => rrows (fun i j => h i j s) (S i) l)); auto. now apply rrow_integral.
Qed.

(* --- formulas in the disc are Lipschitz, so that integrals exist --- *)
Definition steady2 (f : R -> R -> R) : Prop := exists L m, 0 <= L /\ 0 <= m /\ forall x y x' y',
  x * x + y * y <= 1 -> x' * x' + y' * y' <= 1 -> Rabs (f x y - f x' y') <= L * (Rabs (x - x') + Rabs (y - y')) /\ Rabs (f x y) <= m.
Lemma lip_of_derive : forall f g, (forall x, is_derive f x (g x)) -> (forall x, -1 <= g x <= 1) -> forall u v, Rabs (f u - f v) <= Rabs (u - v).
Proof.
  intros f g D B. assert (K : forall u v, u <= v -> Rabs (f v - f u) <= Rabs (v - u)).
  { intros u v H. destruct (mean_value f g u v H D) as [c [_ ->]]. rewrite Rabs_mult. replace (Rabs (v - u)) with (1 * Rabs (v - u)) at 2 by ring.
    apply Rmult_le_compat_r. apply Rabs_pos. apply Rabs_le. apply B. }
  intros. destruct (Rle_dec u v). rewrite Rabs_minus_sym, (Rabs_minus_sym u). now apply K. apply K. lra.
Qed.
Lemma tanh_lip : forall u v, Rabs (tanh u - tanh v) <= Rabs (u - v).
Proof. apply (lip_of_derive tanh _ is_derive_tanh). intros. pose proof (tanh_size x). nra. Qed.
Lemma sin_lip : forall u v, Rabs (sin u - sin v) <= Rabs (u - v).
Proof. apply (lip_of_derive sin cos). intros; auto_derive; auto; ring. intros; apply COS_bound. Qed.
Lemma cos_lip : forall u v, Rabs (cos u - cos v) <= Rabs (u - v).
Proof. apply (lip_of_derive cos (fun x => - sin x)). intros; auto_derive; auto; ring. intros. pose proof (SIN_bound x). lra. Qed.
Lemma lip_continuous : forall (f : R -> R) K, (forall u v, Rabs (f u - f v) <= K * Rabs (u - v)) -> forall x, continuous f x.
Proof.
  intros f K H x. apply filterlim_locally. intros eps. pose proof (Rabs_pos K) as Kp.
  assert (D : 0 < eps / (Rabs K + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
  exists (mkposreal _ D). intros y Hy. unfold ball in *; simpl in *; unfold AbsRing_ball in *; simpl in *.
  unfold abs, minus, plus, opp in *; simpl in *. fold (f y - f x). fold (y - x) in Hy.
  apply Rle_lt_trans with (1 := H y x). apply Rle_lt_trans with ((Rabs K + 1) * Rabs (y - x)).
  - apply Rmult_le_compat_r; [apply Rabs_pos|]. pose proof (Rle_abs K). lra.
  - apply Rmult_lt_reg_r with (/ (Rabs K + 1)). apply Rinv_0_lt_compat; lra.
    replace ((Rabs K + 1) * Rabs (y - x) * / (Rabs K + 1)) with (Rabs (y - x)) by (field; lra). exact Hy.
Qed.
Lemma steady_const : forall c, steady2 (fun _ _ => c).
Proof.
  intros. exists 0, (Rabs c). split; [lra|]. split; [apply Rabs_pos|]. intros. rewrite Rminus_eq_0, Rabs_R0. split; lra.
Qed.
Lemma steady_mul : forall f g, steady2 f -> steady2 g -> steady2 (fun x y => f x y * g x y).
Proof.
  intros f g [L [m [L0 [m0 F]]]] [K [n [K0 [n0 G]]]]. exists (L * n + m * K), (m * n).
  split. { apply Rplus_le_le_0_compat; now apply Rmult_le_pos. } split. { now apply Rmult_le_pos. }
  intros x y x' y' D D'. destruct (F x y x' y' D D') as [F1 F2]. destruct (G x y x' y' D D') as [G1 G2].
  destruct (F x' y' x y D' D) as [_ F3]. destruct (G x' y' x y D' D) as [_ G3]. set (d := Rabs (x - x') + Rabs (y - y')) in *.
  split.
  - replace (f x y * g x y - f x' y' * g x' y') with ((f x y - f x' y') * g x y + f x' y' * (g x y - g x' y')) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult.
    replace ((L * n + m * K) * d) with ((L * d) * n + m * (K * d)) by ring.
    apply Rplus_le_compat; apply Rmult_le_compat; auto using Rabs_pos.
  - rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos.
Qed.
Lemma steady_add : forall f g, steady2 f -> steady2 g -> steady2 (fun x y => f x y + g x y).
Proof.
  intros f g [L [m [L0 [m0 F]]]] [K [n [K0 [n0 G]]]]. exists (L + K), (m + n). split; [lra|]. split; [lra|].
  intros x y x' y' D D'. destruct (F x y x' y' D D') as [F1 F2]. destruct (G x y x' y' D D') as [G1 G2]. split.
  - replace (f x y + g x y - (f x' y' + g x' y')) with ((f x y - f x' y') + (g x y - g x' y')) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rmult_plus_distr_r. now apply Rplus_le_compat.
  - apply Rle_trans with (1 := Rabs_triang _ _). now apply Rplus_le_compat.
Qed.
Lemma steady_ext : forall f g, (forall x y, f x y = g x y) -> steady2 f -> steady2 g.
Proof. intros f g E [L [m [A [B C]]]]. exists L, m. repeat (split; auto). rewrite <- !E. now apply C. rewrite <- E. now apply (C x y x' y'). Qed.
Lemma steady_pow : forall n f, steady2 f -> steady2 (fun x y => f x y ^ n).
Proof. induction n; intros f F; simpl. apply steady_const. apply steady_mul; auto. Qed.
Lemma steady_tanh : forall a b, steady2 (fun x y => tanh (a * x + b * y)).
Proof.
  intros. exists (Rabs a + Rabs b), 1. pose proof (Rabs_pos a). pose proof (Rabs_pos b). split; [lra|]. split; [lra|]. intros. split.
  - apply Rle_trans with (1 := tanh_lip _ _). replace (a * x + b * y - (a * x' + b * y')) with (a * (x - x') + b * (y - y')) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult.
    pose proof (Rabs_pos (x - x')). pose proof (Rabs_pos (y - y')). nra.
  - apply Rabs_le. pose proof (tanh_size (a * x + b * y)). lra.
Qed.
Theorem dv_steady : forall e t, steady2 (dv e t).
Proof.
  intros e. induction t; cbn [dv].
  - apply steady_const. - apply steady_const.
  - exists 1, 1. split; [lra|]. split; [lra|]. intros. split. pose proof (Rabs_pos (y - y')); lra. now apply inside_x with y.
  - exists 1, 1. split; [lra|]. split; [lra|]. intros. split. pose proof (Rabs_pos (x - x')); lra. apply inside_x with x. lra.
  - now apply (steady_add (dv e t1) (dv e t2)).
  - apply (steady_ext (fun x y => dv e t1 x y + -1 * dv e t2 x y)). intros; ring.
    apply (steady_add (dv e t1)); auto. apply (steady_mul (fun _ _ => -1) (dv e t2)); auto. apply steady_const.
  - now apply (steady_mul (dv e t1) (dv e t2)).
  - apply (steady_mul (dv e t) (fun _ _ => / IZR z)); auto. apply steady_const.
  - now apply (steady_pow n (dv e t)).
  - apply steady_tanh.
  - apply (steady_ext (fun x y => 1 + -1 * (tanh (List.nth j e 0 * x + List.nth k e 0 * y) * tanh (List.nth j e 0 * x + List.nth k e 0 * y)))). intros; ring.
    apply (steady_add (fun _ _ => 1)). apply steady_const. apply (steady_mul (fun _ _ => -1)). apply steady_const. apply steady_mul; apply steady_tanh.
Qed.
(* --- one integral of a formula, and one integral inside another --- *)
Lemma close_integrals : forall a b (f g : R -> R) e, a <= b -> ex_RInt f a b -> ex_RInt g a b ->
  (forall t, a <= t <= b -> Rabs (f t - g t) <= e) -> Rabs (RInt f a b - RInt g a b) <= e * (b - a).
Proof.
  intros a b f g e H F G D. replace (RInt f a b - RInt g a b) with (RInt (fun t => f t - g t) a b).
  - rewrite Rmult_comm. apply (abs_RInt_le_const (fun t => f t - g t)); auto. apply (ex_RInt_minus f g); auto.
  - exact (RInt_minus f g a b F G).
Qed.
Lemma quarter_pos : 0 < PI / 2.
Proof. pose proof PI_RGT_0. lra. Qed.
Lemma on_circle : forall s, sin s * sin s + cos s * cos s <= 1.
Proof. intros. pose proof (sin2_cos2 s) as K. unfold Rsqr in K. lra. Qed.
Lemma below_circle : forall s t, (sin s * cos t) * (sin s * cos t) + (sin s * sin t) * (sin s * sin t) <= 1.
Proof.
  intros. pose proof (sin2_cos2 t) as K. unfold Rsqr in K. pose proof (on_circle s). pose proof (Rle_0_sqr (cos s)) as Q. unfold Rsqr in Q.
  replace ((sin s * cos t) * (sin s * cos t) + (sin s * sin t) * (sin s * sin t)) with (sin s * sin s * (sin t * sin t + cos t * cos t)) by ring.
  rewrite K. lra.
Qed.
Lemma single_continuous : forall f, steady2 f -> forall x, continuous (fun s => f (sin s) (cos s)) x.
Proof.
  intros f [L [m [L0 [m0 F]]]]. apply (lip_continuous _ (L * 2)). intros u v.
  apply Rle_trans with (1 := proj1 (F _ _ _ _ (on_circle u) (on_circle v))). rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
  pose proof (sin_lip u v). pose proof (cos_lip u v). lra.
Qed.
Lemma any_integrable : forall (f : R -> R) a b, (forall x, continuous f x) -> ex_RInt f a b.
Proof. intros. apply (ex_RInt_continuous f). auto. Qed.
Definition spreads (p : F.precision) (V B : I.type) : I.type := I.add p V (I.mul p B (unit_ p)).
Definition single (p : F.precision) (n : nat) (M : model) : I.type :=
  let T := Jtable p n in spreads p (rows p (Jt T) 0 (poly M)) (I.mul p (error M) (quarter p)).
Theorem single_correct : forall p n M f, good M f -> steady2 f -> holds (single p n M) (RInt (fun s => f (sin s) (cos s)) 0 (PI / 2)).
Proof.
  intros p n M f [c [e [m [C [E [_ [E0 [_ B]]]]]]]] S. pose proof (quarter_correct p) as Hq.
  assert (A : is_RInt (fun s => ev2 (sin s) (cos s) c) 0 (PI / 2) (rrows J 0 c)).
  { apply (is_RInt_ext (fun s => rrows (fun i j => sin s ^ i * cos s ^ j) 0 c)). intros; symmetry; apply ev2_rows.
    apply (rrows_integral 0 (PI / 2) (fun i j s => sin s ^ i * cos s ^ j) J). apply J_is. }
  apply (holds_part p _ (rows p (Jt (Jtable p n)) 0 (poly M)) (I.mul p (error M) (quarter p)) _ (rrows J 0 c) (e * (PI / 2))); auto.
  - apply rows_correct; auto. intros; now apply Jt_correct.
  - now apply holds_mul.
  - rewrite <- (is_RInt_unique _ _ _ _ A). replace (e * (PI / 2)) with (e * (PI / 2 - 0)) by ring.
    apply (close_integrals 0 (PI / 2) (fun s => f (sin s) (cos s)) (fun s => ev2 (sin s) (cos s) c)).
    left; apply quarter_pos. apply any_integrable. now apply single_continuous. eexists; exact A. intros. apply B, on_circle.
Qed.
Definition inner (f : R -> R -> R) (s : R) : R := RInt (fun t => f (sin s * cos t) (sin s * sin t)) 0 (PI / 2).
Lemma inner_integrable : forall f, steady2 f -> forall s, ex_RInt (fun t => f (sin s * cos t) (sin s * sin t)) 0 (PI / 2).
Proof.
  intros f [L [m [L0 [m0 F]]]] s. apply any_integrable. apply (lip_continuous _ (L * 2)). intros u v.
  apply Rle_trans with (1 := proj1 (F _ _ _ _ (below_circle s u) (below_circle s v))). rewrite Rmult_assoc. apply Rmult_le_compat_l; auto.
  pose proof (sin_lip u v). pose proof (cos_lip u v). pose proof (Rabs_pos (sin u - sin v)). pose proof (Rabs_pos (cos u - cos v)).
  rewrite <- !Rmult_minus_distr_l, !Rabs_mult. assert (Rabs (sin s) <= 1). { apply Rabs_le. apply SIN_bound. }
  assert (forall w, 0 <= w -> Rabs (sin s) * w <= w). { intros. replace w with (1 * w) at 2 by ring. now apply Rmult_le_compat_r. }
  pose proof (H4 _ H1). pose proof (H4 _ H2). lra.
Qed.
Lemma inner_continuous : forall f, steady2 f -> forall x, continuous (inner f) x.
Proof.
  intros f S. pose proof (inner_integrable f S) as Ex. destruct S as [L [m [L0 [m0 F]]]]. pose proof quarter_pos.
  apply (lip_continuous _ (L * 2 * (PI / 2))). intros u v. unfold inner.
  replace (L * 2 * (PI / 2) * Rabs (u - v)) with (L * 2 * Rabs (u - v) * (PI / 2 - 0)) by ring.
  apply (close_integrals 0 (PI / 2) (fun t => f (sin u * cos t) (sin u * sin t)) (fun t => f (sin v * cos t) (sin v * sin t))); auto. lra.
  intros t _. apply Rle_trans with (1 := proj1 (F _ _ _ _ (below_circle u t) (below_circle v t))). rewrite Rmult_assoc.
  apply Rmult_le_compat_l; auto. rewrite <- !Rmult_minus_distr_r, !Rabs_mult. pose proof (sin_lip u v). pose proof (Rabs_pos (sin u - sin v)).
  assert (forall w, Rabs w <= 1 -> Rabs (sin u - sin v) * Rabs w <= Rabs (u - v)).
  { intros. apply Rle_trans with (Rabs (sin u - sin v) * 1). apply Rmult_le_compat_l; auto. lra. }
  pose proof (H2 (cos t) ltac:(apply Rabs_le; apply COS_bound)). pose proof (H2 (sin t) ltac:(apply Rabs_le; apply SIN_bound)). lra.
Qed.
Definition sized (l : list (list num)) : list (list num) := List.map (List.map (option_map I.abs)) l.
Definition rsized (l : list (list R)) : list (list R) := List.map (List.map Rabs) l.
Lemma sized_correct : forall l x, around2 l x -> around2 (sized l) (rsized x).
Proof.
  intros. apply (map_rel (list num) (list R) around1); auto. intros. apply (map_rel num R holdo); auto.
  intros [X|] y; simpl; intros. now apply holds_abs. subst. apply Rabs_R0.
Qed.
Lemma rrow_sized : forall h, (forall i j, 0 <= h i j) -> forall l i j, Rabs (rrow h i j l) <= rrow h i j (List.map Rabs l).
Proof.
  intros h H. induction l; intros; simpl. rewrite Rabs_R0; lra. apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; auto.
  rewrite Rabs_mult, (Rabs_pos_eq (h i j)); auto. lra.
Qed.
Lemma rrows_sized : forall h, (forall i j, 0 <= h i j) -> forall l i, Rabs (rrows h i l) <= rrows h i (rsized l).
Proof.
  intros h H. induction l; intros; simpl. rewrite Rabs_R0; lra. apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; auto.
  now apply rrow_sized.
Qed.
Definition nested (p : F.precision) (n : nat) (W M : model) : I.type :=
  let h := quarter p in let T := Jtable p n in
  spreads p (rows p (fun a b => rows p (fun i j => I.mul p (Jt T (a + (i + j)) b) (Jt T j i)) 0 (poly M)) 0 (poly W))
    (I.add p (I.mul p (I.mul p (error W) (I.mul p (I.add p (most M) (error M)) h)) h) (I.mul p (I.mul p (error M) h) (rows p (Jt T) 0 (sized (poly W))))).
Theorem nested_correct : forall p n W M w f, good W w -> good M f -> steady2 w -> steady2 f ->
  holds (nested p n W M) (RInt (fun s => w (sin s) (cos s) * inner f s) 0 (PI / 2)).
Proof.
  intros p n W M w f [cw [ew [mw [Cw [Ew [Mw [Ew0 [Mw0 Bw]]]]]]]] [c [e [m [C [E [Mf [E0 [M0 B]]]]]]]] Sw S.
  pose proof (quarter_correct p) as Hq. pose proof quarter_pos as Q. pose proof (Jt_correct p n) as HT. set (T := Jtable p n) in HT.
  set (ip := fun s => rrows (fun i j => sin s ^ (i + j) * J j i) 0 c).
  assert (Ai : forall s, is_RInt (fun t => ev2 (sin s * cos t) (sin s * sin t) c) 0 (PI / 2) (ip s)).
  { intros s. apply (is_RInt_ext (fun t => rrows (fun i j => (sin s * cos t) ^ i * (sin s * sin t) ^ j) 0 c)). intros; symmetry; apply ev2_rows.
    apply (rrows_integral 0 (PI / 2) (fun i j t => (sin s * cos t) ^ i * (sin s * sin t) ^ j) (fun i j => sin s ^ (i + j) * J j i)).
    intros i j. apply (is_RInt_ext (fun t => sin s ^ (i + j) * (sin t ^ j * cos t ^ i))).
    intros; reals; rewrite !Rpow_mult_distr, pow_add; ring. apply (is_RInt_scal (fun t => sin t ^ j * cos t ^ i)). apply J_is. }
  set (V := rrows (fun a b => rrows (fun i j => J (a + (i + j)) b * J j i) 0 c) 0 cw).
  assert (A : is_RInt (fun s => ev2 (sin s) (cos s) cw * ip s) 0 (PI / 2) V).
  { apply (is_RInt_ext (fun s => rrows (fun a b => ip s * (sin s ^ a * cos s ^ b)) 0 cw)).
    intros s _; reals. rewrite rrows_scale, ev2_rows. ring.
    apply (rrows_integral 0 (PI / 2) (fun a b s => ip s * (sin s ^ a * cos s ^ b)) (fun a b => rrows (fun i j => J (a + (i + j)) b * J j i) 0 c)).
    intros a b. apply (is_RInt_ext (fun s => rrows (fun i j => J j i * (sin s ^ (a + (i + j)) * cos s ^ b)) 0 c)).
    - intros s _; reals. rewrite (Rmult_comm (ip s)). unfold ip. rewrite <- rrows_scale. apply rrows_ext. intros. rewrite (pow_add _ a). ring.
    - apply (rrows_integral 0 (PI / 2) (fun i j s => J j i * (sin s ^ (a + (i + j)) * cos s ^ b))). intros i j.
      rewrite (Rmult_comm (J (a + (i + j)) b)). apply (is_RInt_scal (fun s => sin s ^ (a + (i + j)) * cos s ^ b)). apply J_is. }
  set (k1 := ew * ((m + e) * (PI / 2))). set (k2 := e * (PI / 2)). set (Wa := rrows J 0 (rsized cw)).
  assert (Bo : is_RInt (fun s => k1 + k2 * rrows (fun a b => sin s ^ a * cos s ^ b) 0 (rsized cw)) 0 (PI / 2) (k1 * (PI / 2) + k2 * Wa)).
  { apply (is_RInt_plus (fun _ => k1) (fun s => k2 * rrows (fun a b => sin s ^ a * cos s ^ b) 0 (rsized cw))).
    - pose proof (is_RInt_const 0 (PI / 2) (k1 : R)) as K. unfold scal in K; simpl in K; unfold mult in K; simpl in K.
      replace (k1 * (PI / 2)) with ((PI / 2 - 0) * k1) by ring. exact K.
    - apply (is_RInt_scal (fun s => rrows (fun a b => sin s ^ a * cos s ^ b) 0 (rsized cw))).
      apply (rrows_integral 0 (PI / 2) (fun a b s => sin s ^ a * cos s ^ b) J). apply J_is. }
  assert (Ef : ex_RInt (fun s => w (sin s) (cos s) * inner f s) 0 (PI / 2)).
  { apply any_integrable. intros x. apply (continuous_mult (fun s => w (sin s) (cos s)) (inner f)).
    now apply single_continuous. now apply inner_continuous. }
  apply (holds_part p _ (rows p (fun a b => rows p (fun i j => I.mul p (Jt T (a + (i + j)) b) (Jt T j i)) 0 (poly M)) 0 (poly W))
    (I.add p (I.mul p (I.mul p (error W) (I.mul p (I.add p (most M) (error M)) (quarter p))) (quarter p))
      (I.mul p (I.mul p (error M) (quarter p)) (rows p (Jt T) 0 (sized (poly W)))))
    _ V (k1 * (PI / 2) + k2 * Wa)); auto.
  - apply rows_correct; auto. intros a b. apply rows_correct; auto. intros. now apply holds_mul.
  - unfold k1, k2. apply holds_add; apply holds_mul; auto using holds_mul, holds_add. apply rows_correct; auto. now apply sized_correct.
  - assert (Di : is_RInt (fun s => w (sin s) (cos s) * inner f s - ev2 (sin s) (cos s) cw * ip s) 0 (PI / 2)
      (RInt (fun s => w (sin s) (cos s) * inner f s) 0 (PI / 2) - V)).
    { apply (is_RInt_minus (fun s => w (sin s) (cos s) * inner f s)); auto. now apply (RInt_correct (fun s => w (sin s) (cos s) * inner f s)). }
    refine (norm_RInt_le _ _ 0 (PI / 2) _ _ _ _ Di Bo). lra. intros s Hs.
    change (Rabs (w (sin s) (cos s) * inner f s - ev2 (sin s) (cos s) cw * ip s) <= k1 + k2 * rrows (fun a b => sin s ^ a * cos s ^ b) 0 (rsized cw)).
    destruct (Bw _ _ (on_circle s)) as [Bw1 Bw2].
    assert (I1 : Rabs (inner f s - ip s) <= k2).
    { unfold inner, k2. rewrite <- (is_RInt_unique _ _ _ _ (Ai s)). replace (e * (PI / 2)) with (e * (PI / 2 - 0)) by ring.
      apply (close_integrals 0 (PI / 2) (fun t => f (sin s * cos t) (sin s * sin t)) (fun t => ev2 (sin s * cos t) (sin s * sin t) c)).
      lra. now apply inner_integrable. eexists; apply Ai. intros. apply B, below_circle. }
    assert (I2 : Rabs (inner f s) <= m * (PI / 2)).
    { unfold inner. replace (m * (PI / 2)) with ((PI / 2 - 0) * m) by ring.
      apply (abs_RInt_le_const (fun t => f (sin s * cos t) (sin s * sin t))). lra. now apply inner_integrable. intros. apply B, below_circle. }
    replace (w (sin s) (cos s) * inner f s - ev2 (sin s) (cos s) cw * ip s)
      with ((w (sin s) (cos s) - ev2 (sin s) (cos s) cw) * inner f s + ev2 (sin s) (cos s) cw * (inner f s - ip s)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite !Rabs_mult. apply Rplus_le_compat.
    + unfold k1. apply Rmult_le_compat; auto using Rabs_pos. apply Rle_trans with (1 := I2). apply Rmult_le_compat_r; lra.
    + rewrite Rmult_comm. apply Rmult_le_compat; auto using Rabs_pos. rewrite ev2_rows. apply rrows_sized.
      intros. apply Rmult_le_pos; apply pow_le. apply sin_ge_0; lra. apply cos_ge_0; lra.
Qed.
Definition within (p : F.precision) (X : I.type) (low high : Z * Z) : bool :=
  known_nonneg (I.sub p X (ratio p (fst low) (snd low))) && known_nonneg (I.sub p (ratio p (fst high) (snd high)) X).
Lemma within_correct : forall p X low high x, within p X low high = true -> holds X x ->
  IZR (fst low) / IZR (snd low) <= x <= IZR (fst high) / IZR (snd high).
Proof.
  intros p X low high x W H. unfold within in W. parts.
  apply known_nonneg_correct with (x := x - IZR (fst low) / IZR (snd low)) in H0; [|apply holds_sub; auto; apply ratio_correct].
  apply known_nonneg_correct with (x := IZR (fst high) / IZR (snd high) - x) in H1; [|apply holds_sub; auto; apply ratio_correct]. lra.
Qed.
Definition hint := (Z * list Z * (Z * Z))%type.
Definition fact_by (p : F.precision) (h : hint) : option fact := fact_of p (fst (fst h)) (snd (fst h)) (fst (snd h)) (snd (snd h)).
Definition single_check (p : F.precision) (n : nat) (h : hint) (l : list box) (t : dt) (low high : Z * Z) : bool :=
  match fact_by p h with
  | Some F0 => match dm p F0 (boxes p l) t with Some M => within p (single p n M) low high | None => false end
  | None => false
  end.
Definition nested_check (p : F.precision) (n : nat) (h : hint) (l : list box) (w t : dt) (low high : Z * Z) : bool :=
  match fact_by p h with
  | Some F0 => match dm p F0 (boxes p l) w, dm p F0 (boxes p l) t with
    | Some W, Some M => within p (nested p n W M) low high | _, _ => false end
  | None => false
  end.
Theorem disc_bounds : forall p n h l t low high, single_check p n h l t low high = true -> forall e, List.Forall2 boxed l e ->
  forall g : R -> R, (forall s, g s = dv e t (sin s) (cos s)) ->
  ex_RInt g 0 (PI / 2) /\ IZR (fst low) / IZR (snd low) <= RInt g 0 (PI / 2) <= IZR (fst high) / IZR (snd high).
Proof.
  intros p n h l t low high C e B g G. unfold single_check in C. destruct (fact_by p h) eqn:Fa; [|discriminate].
  destruct (dm p f (boxes p l) t) eqn:Mo; [|discriminate]. apply fact_correct in Fa. apply dm_correct with (e := e) in Mo; auto; [|now apply boxes_correct].
  assert (G' : g = fun s => dv e t (sin s) (cos s)) by now apply functional_extensionality. subst g.
  split. apply any_integrable. apply single_continuous, dv_steady. apply within_correct with (1 := C). apply single_correct; auto. apply dv_steady.
Qed.
Theorem disc_bounds_twice : forall p n h l w t low high, nested_check p n h l w t low high = true -> forall e, List.Forall2 boxed l e ->
  forall (u : R -> R) (g : R -> R -> R) (f : R -> R), (forall s, u s = dv e w (sin s) (cos s)) ->
  (forall s r, g s r = dv e t (sin s * cos r) (sin s * sin r)) -> (forall s, f s = u s * RInt (g s) 0 (PI / 2)) ->
  ((forall s, ex_RInt (g s) 0 (PI / 2)) /\ ex_RInt f 0 (PI / 2)) /\
  IZR (fst low) / IZR (snd low) <= RInt f 0 (PI / 2) <= IZR (fst high) / IZR (snd high).
Proof.
  intros p n h l w t low high C e B u g f U G F1. unfold nested_check in C. destruct (fact_by p h) eqn:Fa; [|discriminate].
  destruct (dm p f0 (boxes p l) w) eqn:Wo; [|discriminate]. destruct (dm p f0 (boxes p l) t) eqn:Mo; [|discriminate].
  apply fact_correct in Fa. pose proof (boxes_correct p l e B) as HE. apply dm_correct with (e := e) in Mo; auto. apply dm_correct with (e := e) in Wo; auto.
  assert (G' : forall s, g s = fun r => dv e t (sin s * cos r) (sin s * sin r)) by (intros; apply functional_extensionality; auto).
  assert (F' : f = fun s => dv e w (sin s) (cos s) * inner (dv e t) s).
  { apply functional_extensionality. intros s. rewrite F1, U, G'. reflexivity. }
  subst f. split; [split|].
  - intros s. rewrite G'. apply inner_integrable, dv_steady.
  - apply any_integrable. intros x. apply (continuous_mult (fun s => dv e w (sin s) (cos s)) (inner (dv e t))).
    apply single_continuous, dv_steady. apply inner_continuous, dv_steady.
  - apply within_correct with (1 := C). apply nested_correct; auto; apply dv_steady.
Qed.
End Disc.
