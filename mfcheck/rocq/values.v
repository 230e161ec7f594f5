(* --- formulas of many parts, with sums and erf: their values, signs and zeros by one computation --- *)
Fixpoint sum_from (f : R -> R) (a : Z) (n : nat) : R :=
  match n with O => 0 | S m => f (IZR a) + sum_from f (a + 1) m end.
(* The sum of f over the whole numbers from a to b; x is one of them. *)
Definition Sum (a b : Z) (f : R -> R) : R := sum_from f a (Z.to_nat (b - a + 1)).
Definition among (a b : Z) (x : R) : Prop := exists k, (a <= k <= b)%Z /\ x = IZR k.

Module Values.
Inductive form :=
  GVar (k : nat) | GInt (z : Z) | GPi | GNeg (f : form) | GInv (f : form) | GAdd (f g : form) | GSub (f g : form)
  | GMul (f g : form) | GDiv (f g : form) | GMax (f g : form) | GMin (f g : form) | GPow (f : form) (n : nat)
  | GExp (f : form) | GLn (f : form) | GSqrt (f : form) | GSin (f : form) | GCos (f : form) | GAtan (f : form)
  | GTanh (f : form) | GErf (f : form) | GLet (f g : form) | GSum (a b : Z) (f : form).
(* Bound names come first in the list of values; GLet f g is g, in which the first name is f. *)
Fixpoint val (e : list R) (f : form) : R :=
  match f with
  | GVar k => List.nth k e 0 | GInt z => IZR z | GPi => PI | GNeg f => - val e f | GInv f => / val e f
  | GAdd f g => val e f + val e g | GSub f g => val e f - val e g | GMul f g => val e f * val e g
  | GDiv f g => val e f / val e g | GMax f g => Rmax (val e f) (val e g) | GMin f g => Rmin (val e f) (val e g)
  | GPow f n => val e f ^ n | GExp f => exp (val e f) | GLn f => ln (val e f) | GSqrt f => sqrt (val e f)
  | GSin f => sin (val e f) | GCos f => cos (val e f) | GAtan f => atan (val e f) | GTanh f => tanh (val e f)
  | GErf f => erf (val e f) | GLet f g => val (cons (val e f) e) g | GSum a b f => Sum a b (fun x => val (cons x e) f)
  end.
Definition above (X : I.type) : bool := match I.sign_strict X with Xgt => true | _ => false end.
Definition signed (X : I.type) : bool := match I.sign_strict X with Xgt | Xlt => true | _ => false end.
Lemma above_correct : forall X x, above X = true -> holds X x -> 0 < x.
Proof.
  intros X x H Hx. unfold above in H. pose proof (I.sign_strict_correct X) as K. destruct (I.sign_strict X); try discriminate.
  exact (proj2 (K _ Hx)).
Qed.
Lemma signed_correct : forall X x, signed X = true -> holds X x -> x <> 0.
Proof.
  intros X x H Hx. unfold signed in H. pose proof (I.sign_strict_correct X) as K. destruct (I.sign_strict X); try discriminate;
    destruct (K _ Hx) as [_ L]; simpl in L; lra.
Qed.
(* As near as they can be: between bounds of both, and on one side of each. *)
Definition larger (X Y : I.type) : I.type := I.meet (I.upper_extent X) (I.meet (I.upper_extent Y) (I.join X Y)).
Definition smaller (X Y : I.type) : I.type := I.meet (I.lower_extent X) (I.meet (I.lower_extent Y) (I.join X Y)).
Lemma holds_max : forall X Y x y, holds X x -> holds Y y -> holds (larger X Y) (Rmax x y).
Proof.
  intros X Y x y HX HY. apply I.meet_correct; [apply (I.upper_extent_correct X _ x HX), Rmax_l|].
  apply I.meet_correct; [apply (I.upper_extent_correct Y _ y HY), Rmax_r|].
  apply I.join_correct. unfold Rmax. destruct Rle_dec; auto.
Qed.
Lemma holds_min : forall X Y x y, holds X x -> holds Y y -> holds (smaller X Y) (Rmin x y).
Proof.
  intros X Y x y HX HY. apply I.meet_correct; [apply (I.lower_extent_correct X _ x HX), Rmin_l|].
  apply I.meet_correct; [apply (I.lower_extent_correct Y _ y HY), Rmin_r|].
  apply I.join_correct. unfold Rmin. destruct Rle_dec; auto.
Qed.

(* --- erf by a table of the coefficients of its series --- *)
Definition gauss_coef (k : nat) : R := (-1) ^ k / INR (fact k) / INR (2 * k + 1).
Fixpoint table (p : F.precision) (T : I.type) (k : Z) (n : nat) : list I.type :=
  match n with
  | O => nil
  | S m => cons (over p T (I.fromZ p (2 * k + 1))) (table p (I.neg (over p T (I.fromZ p (k + 1)))) (k + 1) m)
  end.
Lemma table_correct : forall p n T k, holds T ((-1) ^ k / INR (fact k)) ->
  forall i, (i < n)%nat -> holds (at_ (table p T (Z.of_nat k) n) i) (gauss_coef (k + i)).
Proof.
  intros p. induction n; intros T k HT i L. lia. destruct i as [|i].
  - cbn [table at_ List.nth]. unfold gauss_coef. rewrite Nat.add_0_r. apply holds_over; auto.
    rewrite (INR_IZR_INZ (2 * k + 1)). replace (Z.of_nat (2 * k + 1)) with (2 * Z.of_nat k + 1)%Z by lia. apply holds_Z.
  - replace (k + S i)%nat with (S k + i)%nat by lia. cbn [table]. replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia.
    change (holds (at_ (table p (I.neg (over p T (I.fromZ p (Z.of_nat (S k))))) (Z.of_nat (S k)) n) i) (gauss_coef (S k + i))).
    apply IHn; [|lia]. replace ((-1) ^ S k / INR (fact (S k))) with (- ((-1) ^ k / INR (fact k) / IZR (Z.of_nat (S k)))).
    apply holds_neg, holds_over; auto. apply holds_Z.
    rewrite fact_simpl, mult_INR, <- INR_IZR_INZ. simpl (_ ^ S k). field. split. apply INR_fact_neq_0. apply not_0_INR; lia.
Qed.
Fixpoint poly (p : F.precision) (l : list I.type) (n : nat) (Y : I.type) {struct n} : I.type :=
  match n, l with
  | O, _ => I.zero | S m, nil => I.nai
  | S m, cons c l' => I.add p c (I.mul p Y (poly p l' m Y))
  end.
Lemma poly_correct : forall p n l Y y (c : nat -> R), holds Y y -> (forall i, (i < length l)%nat -> holds (at_ l i) (c i)) ->
  holds (poly p l n Y) (total n (fun k => c k * y ^ k)).
Proof.
  intros p. induction n; intros l Y y c HY H; simpl. exact holds_0. destruct l as [|x l]. apply holds_nai.
  replace (total n (fun i => c (S i) * (y * y ^ i))) with (y * total n (fun i => c (S i) * y ^ i)).
  2: { rewrite <- total_scale. apply total_ext. intros; ring. }
  apply holds_add. rewrite Rmult_1_r. exact (H O ltac:(simpl; lia)).
  apply holds_mul; auto. apply (IHn l Y y (fun i => c (S i))); auto. intros i L. exact (H (S i) ltac:(simpl; lia)).
Qed.
Section Value.
(* Precisions, for bounds too; 2/sqrt(pi); coefficients; how many of them up to a square. *)
Variables (p q : F.precision) (c : I.type) (l : list I.type) (most : list (I.type * nat)).
Hypothesis Hc : holds c (2 / sqrt PI).
Hypothesis Hl : forall i, (i < length l)%nat -> holds (at_ l i) (gauss_coef i).
Fixpoint enough (Y : I.type) (most : list (I.type * nat)) : nat :=
  match most with nil => O | cons (b, n) rest => if known_nonneg (I.sub q b Y) then n else enough Y rest end.
Definition gauss_at (M : I.type) : I.type :=
  let Y := I.sqr p M in
  let n := enough Y most in
  match n with
  | O => I.mul q (I.abs M) (unit_ q)
  | _ => I.add p (I.mul p M (poly p l n Y))
      (I.mul q (I.mul q (I.mul q (I.fromZ q (2 * Z.of_nat n + 1)) (I.abs (at_ l n))) (raised q (I.abs M) (2 * n + 1))) (unit_ q))
  end.
Lemma gauss_at_correct : forall M m, holds M m -> holds (gauss_at M) (gauss m).
Proof.
  intros M m H. unfold gauss_at. set (Y := I.sqr p M). generalize (enough Y most). intros n.
  assert (HY : holds Y (m ^ 2)) by now apply (holds_square p).
  pose proof (gauss_series n m) as G. destruct n as [|n].
  - apply holds_wide with (Rabs m). now apply holds_abs. simpl in G. unfold gauss_term in G. simpl in G.
    replace (1 * (m * 1) / 1) with m in G by field. replace (gauss m - 0) with (gauss m) in G by ring. exact G.
  - revert G. generalize (S n). clear n. intros n G.
    replace (gauss m) with (m * total n (fun k => gauss_coef k * (m ^ 2) ^ k) + (gauss m - total n (fun k => gauss_term m k / INR (2 * k + 1)))).
    2: { replace (m * total n (fun k => gauss_coef k * (m ^ 2) ^ k)) with (total n (fun k => gauss_term m k / INR (2 * k + 1))). ring.
      rewrite <- total_scale. apply total_ext. intros i _. unfold gauss_term, gauss_coef. rewrite pow_add, pow_mult, pow_1.
      pose proof (INR_fact_neq_0 i). assert (INR (2 * i + 1) <> 0) by (apply not_0_INR; lia). field. auto. }
    apply holds_add. apply holds_mul; auto. now apply poly_correct.
    apply holds_wide with (INR (2 * n + 1) * Rabs (gauss_coef n) * Rabs m ^ (2 * n + 1)).
    + destruct (lt_dec n (length l)) as [L|L].
      * apply holds_mul. apply holds_mul. rewrite INR_IZR_INZ. replace (Z.of_nat (2 * n + 1)) with (2 * Z.of_nat n + 1)%Z by lia. apply holds_Z.
        apply holds_abs. now apply Hl. apply raised_correct. now apply holds_abs.
      * unfold at_. rewrite List.nth_overflow by lia. apply holds_mul; [apply holds_mul|].
        rewrite INR_IZR_INZ. replace (Z.of_nat (2 * n + 1)) with (2 * Z.of_nat n + 1)%Z by lia. apply holds_Z.
        apply holds_abs, holds_nai. apply raised_correct. now apply holds_abs.
    + apply Rle_trans with (1 := G). right. unfold gauss_term, gauss_coef, Rdiv. rewrite !Rabs_mult, pow_1_abs, <- RPow_abs, !Rmult_1_l.
      assert (P : 0 < INR (2 * n + 1)) by (apply lt_0_INR; lia). rewrite (Rabs_pos_eq (/ INR (2 * n + 1))) by (left; now apply Rinv_0_lt_compat).
      field. lra.
Qed.
(* From the middle, by the mean value theorem. *)
Definition erf_of (X : I.type) : I.type :=
  let M := I.singleton (I.midpoint X) in
  I.add p (I.mul p c (gauss_at M)) (I.mul q (I.mul q c (I.exp q (I.neg (I.sqr q X)))) (I.sub q X M)).
Lemma erf_of_correct : forall X x, holds X x -> holds (erf_of X) (erf x).
Proof.
  intros X x H. unfold erf_of. set (m := proj_val (I.convert_bound (I.midpoint X))).
  assert (Hm : holds (I.singleton (I.midpoint X)) m) by exact (I.singleton_correct (I.midpoint X)).
  assert (HX : holds X m).
  { destruct (I.midpoint_correct X) as [E K]. exists x. exact H. unfold holds, m. change I.convert_bound with I.F.toX. rewrite <- E. exact K. }
  destruct (MVT_gen erf m x (fun y => 2 / sqrt PI * exp (- y ^ 2))) as [z [C E]].
  - intros. apply is_derive_erf.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous erf). eexists. apply is_derive_erf.
  - replace (erf x) with (erf m + (erf x - erf m)) by ring. apply holds_add.
    + unfold erf. apply holds_mul; auto. now apply gauss_at_correct.
    + rewrite E. apply holds_mul; [|now apply holds_sub]. apply holds_mul; auto. apply holds_exp, holds_neg, (holds_square q).
      apply (holds_between X (Rmin m x) (Rmax m x)); auto. unfold Rmin; destruct Rle_dec; auto. unfold Rmax; destruct Rle_dec; auto.
Qed.
Fixpoint added (f : I.type -> I.type) (k : Z) (n : nat) (acc : I.type) : I.type :=
  match n with O => acc | S m => added f (k + 1) m (I.add p acc (f (I.fromZ p k))) end.
Lemma added_correct : forall F f, (forall X x, holds X x -> holds (F X) (f x)) ->
  forall n k A a, holds A a -> holds (added F k n A) (a + sum_from f k n).
Proof.
  intros F f H. induction n; intros k A a HA; simpl. now rewrite Rplus_0_r. rewrite <- Rplus_assoc. apply IHn.
  apply holds_add; auto. apply H. apply holds_Z.
Qed.
Fixpoint ev (E : list I.type) (f : form) : I.type :=
  match f with
  | GVar k => List.nth k E I.nai | GInt z => I.fromZ p z | GPi => I.pi p | GNeg f => I.neg (ev E f)
  | GInv f => over p (I.fromZ p 1) (ev E f)
  | GAdd f g => I.add p (ev E f) (ev E g) | GSub f g => I.sub p (ev E f) (ev E g) | GMul f g => I.mul p (ev E f) (ev E g)
  | GDiv f g => over p (ev E f) (ev E g)
  | GMax f g => larger (ev E f) (ev E g)
  | GMin f g => smaller (ev E f) (ev E g)
  | GPow f n => match n with 2%nat => I.sqr p (ev E f) | _ => raised p (ev E f) n end
  | GExp f => I.exp p (ev E f) | GLn f => I.ln p (ev E f)
  | GSqrt f => I.sqrt p (ev E f) | GSin f => I.sin p (ev E f) | GCos f => I.cos p (ev E f) | GAtan f => I.atan p (ev E f)
  | GTanh f => tanh_ p (ev E f) | GErf f => erf_of (ev E f) | GLet f g => ev (cons (ev E f) E) g
  | GSum a b f => added (fun X => ev (cons X E) f) a (Z.to_nat (b - a + 1)) I.zero
  end.
Lemma around_cons : forall E e X x, around E e -> holds X x -> around (cons X E) (cons x e).
Proof. intros E e X x H HX [|k]. exact HX. exact (H k). Qed.
(* A logarithm of what is not above zero is no number here. *)
Lemma holds_ln : forall X x, holds X x -> holds (I.ln p X) (ln x).
Proof.
  intros X x H. pose proof (I.ln_correct p _ _ H) as L. unfold holds. simpl in L. unfold Xln' in L.
  destruct (is_positive_spec x). exact L. destruct (I.convert (I.ln p X)); simpl in *; tauto.
Qed.
Theorem ev_correct : forall f E e, around E e -> holds (ev E f) (val e f).
Proof.
  induction f; intros E e H; cbn [ev val].
  - apply H.
  - apply holds_Z.
  - apply holds_pi.
  - now apply holds_neg, IHf.
  - replace (/ val e f) with (1 / val e f) by (unfold Rdiv; ring). apply holds_over. apply holds_Z. now apply IHf.
  - apply holds_add; auto.
  - apply holds_sub; auto.
  - apply holds_mul; auto.
  - apply holds_over; auto.
  - apply holds_max; auto.
  - apply holds_min; auto.
  - assert (K : holds (raised p (ev E f) n) (val e f ^ n)) by now apply raised_correct, IHf.
    destruct n as [|[|[|n]]]; auto. now apply (holds_square p), IHf.
  - apply holds_exp; auto.
  - apply holds_ln; auto.
  - apply holds_sqrt; auto.
  - exact (I.sin_correct p _ _ (IHf E e H)).
  - exact (I.cos_correct p _ _ (IHf E e H)).
  - exact (I.atan_correct p _ _ (IHf E e H)).
  - apply holds_tanh; auto.
  - apply erf_of_correct; auto.
  - apply IHf2. apply around_cons; auto.
  - unfold Sum. rewrite <- (Rplus_0_l (sum_from _ _ _)). apply added_correct; [|apply holds_0]. intros X x HX. apply IHf. now apply around_cons.
Qed.

(* --- what depends continuously on a number --- *)
Fixpoint every (f : I.type -> bool) (k : Z) (n : nat) : bool :=
  match n with O => true | S m => f (I.fromZ p k) && every f (k + 1) m end.
Lemma every_correct : forall f n k, every f k n = true -> forall i, (k <= i < k + Z.of_nat n)%Z -> f (I.fromZ p i) = true.
Proof.
  intros f. induction n; intros k H i L. lia. cbn [every] in H. apply andb_true_iff in H. destruct (Z.eq_dec i k) as [->|N]. easy.
  apply (IHn (k + 1)%Z); [easy | lia].
Qed.
Fixpoint cont (E : list I.type) (f : form) : bool :=
  match f with
  | GVar _ | GInt _ | GPi => true
  | GInv f => cont E f && signed (ev E f)
  | GDiv f g => cont E f && cont E g && signed (ev E g)
  | GLn f => cont E f && above (ev E f)
  | GAdd f g | GSub f g | GMul f g | GMax f g | GMin f g => cont E f && cont E g
  | GNeg f | GPow f _ | GExp f | GSqrt f | GSin f | GCos f | GAtan f | GTanh f | GErf f => cont E f
  | GLet f g => cont E f && cont (cons (ev E f) E) g
  | GSum a b f => every (fun X => cont (cons X E) f) a (Z.to_nat (b - a + 1))
  end.
Definition moves (u : R -> list R) (z : R) : Prop := forall k, continuous (fun z : R => List.nth k (u z) 0) z.
Lemma moves_cons : forall u g z, moves u z -> continuous g z -> moves (fun z => cons (g z) (u z)) z.
Proof. intros u g z H G [|k]. exact G. exact (H k). Qed.
Lemma continuous_sum_from : forall (f : R -> R -> R) (z : R) n a, (forall k, (a <= k < a + Z.of_nat n)%Z -> continuous (fun z => f z (IZR k)) z) ->
  continuous (fun z => sum_from (f z) a n) z.
Proof.
  intros f z. induction n; intros a H; cbn [sum_from]. apply continuous_const.
  apply (continuous_plus (fun z => f z (IZR a)) (fun z => sum_from (f z) (a + 1) n)). apply H. lia. apply IHn. intros. apply H. lia.
Qed.
Lemma continuous_pow : forall (g : R -> R) (z : R) n, continuous g z -> continuous (fun z : R => g z ^ n) z.
Proof. intros g z n H. induction n; simpl. apply continuous_const. now apply (continuous_mult g (fun z => g z ^ n)). Qed.
Lemma continuous_abs_of : forall (f g : R -> R) (z : R) (s : bool), continuous f z -> continuous g z ->
  continuous (fun z => (f z + g z + (if s then 1 else -1) * Rabs (f z - g z)) / 2) z.
Proof.
  intros f g z s F G. apply (continuous_mult (fun z => f z + g z + (if s then 1 else -1) * Rabs (f z - g z)) (fun _ => / 2)). 2: apply continuous_const.
  apply (continuous_plus (fun z => f z + g z)). now apply (continuous_plus f g).
  apply (continuous_mult (fun _ => if s then 1 else -1)). apply continuous_const. apply continuous_Rabs_comp. now apply (continuous_minus f g).
Qed.
Theorem cont_correct : forall f E u z, around E (u z) -> moves u z -> cont E f = true -> continuous (fun z => val (u z) f) z.
Proof.
  assert (Chain : forall (g h : R -> R) (z : R), continuous h z -> continuous g (h z) -> continuous (fun z => g (h z)) z).
  { intros g h z H G. exact (continuous_comp h g z H G). }
  induction f; intros E u w H M C; cbn [cont] in C; cbn [val]; parts;
    try (assert (C1 := IHf E u w H M ltac:(assumption))); try (assert (C1 := IHf1 E u w H M ltac:(assumption)));
    try (assert (C2 := IHf2 E u w H M ltac:(assumption))).
  - apply M.
  - apply continuous_const.
  - apply continuous_const.
  - now apply (continuous_opp (fun z => val (u z) f)).
  - apply (Chain Rinv); auto. apply continuous_Rinv. eapply signed_correct. eassumption. now apply ev_correct.
  - now apply (continuous_plus (fun z => val (u z) f1) (fun z => val (u z) f2)).
  - now apply (continuous_minus (fun z => val (u z) f1) (fun z => val (u z) f2)).
  - now apply (continuous_mult (fun z => val (u z) f1) (fun z => val (u z) f2)).
  - apply (continuous_mult (fun z => val (u z) f1) (fun z => / val (u z) f2)); auto.
    apply (Chain Rinv (fun z => val (u z) f2)); auto. apply continuous_Rinv. eapply signed_correct. eassumption. now apply ev_correct.
  - apply continuous_ext with (fun z => (val (u z) f1 + val (u z) f2 + 1 * Rabs (val (u z) f1 - val (u z) f2)) / 2).
    intros; rewrite rmax_abs; match goal with |- @eq _ ?a ?b => change (@eq R a b) end; field. now apply (continuous_abs_of _ _ w true).
  - apply continuous_ext with (fun z => (val (u z) f1 + val (u z) f2 + -1 * Rabs (val (u z) f1 - val (u z) f2)) / 2).
    intros; rewrite rmin_abs; match goal with |- @eq _ ?a ?b => change (@eq R a b) end; field. now apply (continuous_abs_of _ _ w false).
  - now apply continuous_pow.
  - apply (Chain exp); auto. apply continuous_exp.
  - apply (Chain ln); auto. apply continuous_ln. eapply above_correct. eassumption. now apply ev_correct.
  - apply (Chain sqrt); auto. apply continuous_sqrt.
  - apply (Chain sin); auto. apply continuous_sin.
  - apply (Chain cos); auto. apply continuous_cos.
  - apply (Chain atan); auto. apply continuous_atan.
  - apply (Chain tanh); auto. apply (ex_derive_continuous tanh). eexists. apply is_derive_tanh.
  - apply (Chain erf); auto. apply (ex_derive_continuous erf). eexists. apply is_derive_erf.
  - apply (IHf2 (cons (ev E f1) E) (fun z => cons (val (u z) f1) (u z))); auto. apply around_cons; auto. now apply ev_correct. now apply moves_cons.
  - unfold Sum. apply (continuous_sum_from (fun z x => val (cons x (u z)) f)). intros k K.
    apply (IHf (cons (I.fromZ p k) E) (fun z => cons (IZR k) (u z))). apply around_cons; auto. apply holds_Z.
    apply moves_cons; auto. apply continuous_const. exact (every_correct (fun X => cont (cons X E) f) _ _ C k K).
Qed.

(* --- what is said of formulas --- *)
Inductive goal := Nonzero (f : form) | Positive (f : form) | Nonneg (f : form) | AtLeast (a f : form) | AtMost (f b : form)
  | Between (a f b : form) | Each (a b : Z) (g : goal).
Fixpoint said (e : list R) (g : goal) : Prop :=
  match g with
  | Nonzero f => val e f <> 0 | Positive f => 0 < val e f | Nonneg f => 0 <= val e f
  | AtLeast a f => val e a <= val e f | AtMost f b => val e f <= val e b
  | Between a f b => val e a <= val e f <= val e b | Each a b g => forall x, among a b x -> said (cons x e) g
  end.
Fixpoint all (e : list R) (gs : list goal) : Prop :=
  match gs with nil => True | cons g nil => said e g | cons g rest => said e g /\ all e rest end.
Fixpoint shown (E : list I.type) (g : goal) : bool :=
  match g with
  | Nonzero f => signed (ev E f) | Positive f => above (ev E f) | Nonneg f => known_nonneg (ev E f)
  | AtLeast a f => known_nonneg (I.sub p (ev E f) (ev E a)) | AtMost f b => known_nonneg (I.sub p (ev E b) (ev E f))
  | Between a f b => let V := ev E f in known_nonneg (I.sub p V (ev E a)) && known_nonneg (I.sub p (ev E b) V)
  | Each a b g => every (fun X => shown (cons X E) g) a (Z.to_nat (b - a + 1))
  end.
Lemma shown_correct : forall g E e, around E e -> shown E g = true -> said e g.
Proof.
  assert (Le : forall E e f g, around E e -> known_nonneg (I.sub p (ev E g) (ev E f)) = true -> val e f <= val e g).
  { intros. pose proof (known_nonneg_correct _ (val e g - val e f) H0 ltac:(apply holds_sub; now apply ev_correct)). lra. }
  induction g; intros E e H S; cbn [shown] in S; cbn [said].
  - eapply signed_correct. eassumption. now apply ev_correct.
  - eapply above_correct. eassumption. now apply ev_correct.
  - eapply known_nonneg_correct. eassumption. now apply ev_correct.
  - now apply (Le E).
  - now apply (Le E).
  - cbv zeta in S. apply andb_true_iff in S. split; now apply (Le E).
  - intros x [k [K ->]]. apply (IHg (cons (I.fromZ p k) E)). apply around_cons; auto. apply holds_Z.
    apply (every_correct (fun X => shown (cons X E) g) _ _ S). lia.
Qed.
Lemma all_correct : forall E e gs, around E e -> List.forallb (shown E) gs = true -> all e gs.
Proof.
  intros E e gs H. induction gs as [|g gs]; simpl. auto. intros K. apply andb_true_iff in K. destruct K as [K1 K2].
  pose proof (shown_correct g E e H K1). destruct gs; auto.
Qed.
Definition opposite (X Y : I.type) : bool :=
  (known_nonneg (I.neg X) && known_nonneg Y) || (known_nonneg X && known_nonneg (I.neg Y)).
Definition changes (E : list I.type) (a b f : form) : bool :=
  let A := ev E a in let B := ev E b in
  known_nonneg (I.sub p B A) && opposite (ev (cons A E) f) (ev (cons B E) f) && cont (cons (I.join A B) E) f.
Lemma zero_if_opposite : forall (f : R -> R) a b, a <= b -> (forall z, a <= z <= b -> continuous f z) ->
  f a <= 0 <= f b \/ f b <= 0 <= f a -> exists z, a <= z <= b /\ f z = 0.
Proof.
  assert (K : forall (f : R -> R) a b, a <= b -> (forall z, a <= z <= b -> continuous f z) -> f a <= 0 <= f b -> exists z, a <= z <= b /\ f z = 0).
  { intros f a b ab C [A B]. destruct (Rle_lt_or_eq_dec _ _ A) as [A'|A']; [|now exists a; split; [lra|]].
    destruct (Rle_lt_or_eq_dec _ _ B) as [B'|B']; [|exists b; split; [lra | auto]].
    assert (L : a < b). { destruct (Rle_lt_or_eq_dec _ _ ab) as [L | ->]; auto. lra. }
    destruct (Ranalysis5.IVT_interv f a b) as [z [Z F]]; auto. intros z Z. apply continuity_pt_filterlim. now apply C. now exists z. }
  intros f a b ab C [H|H]. now apply K. destruct (K (fun z => - f z) a b ab) as [z [Z F]].
  - intros z Z. apply (continuous_opp f). now apply C.
  - lra.
  - exists z. split; auto. lra.
Qed.
Lemma changes_correct : forall E e a b f, around E e -> changes E a b f = true ->
  exists z, val e a <= z <= val e b /\ val (cons z e) f = 0.
Proof.
  intros E e a b f H C. unfold changes in C. cbv zeta in C. apply andb_true_iff in C. destruct C as [C C3]. apply andb_true_iff in C.
  destruct C as [C1 C2]. pose proof (ev_correct a E e H) as HA. pose proof (ev_correct b E e H) as HB.
  apply (zero_if_opposite (fun z => val (cons z e) f)).
  - pose proof (known_nonneg_correct _ (val e b - val e a) C1 ltac:(now apply holds_sub)). lra.
  - intros z Z. apply (cont_correct f (cons (I.join (ev E a) (ev E b)) E) (fun z => cons z e)); auto.
    apply around_cons; auto. now apply (holds_join _ _ (val e a) (val e b)).
    apply (moves_cons (fun _ => e) (fun z => z)). intros k. apply continuous_const. apply continuous_id.
  - pose proof (ev_correct f _ _ (around_cons _ _ _ _ H HA)) as FA. pose proof (ev_correct f _ _ (around_cons _ _ _ _ H HB)) as FB.
    unfold opposite in C2. apply orb_true_iff in C2. destruct C2 as [C2|C2]; apply andb_true_iff in C2; destruct C2 as [Q1 Q2].
    + left. pose proof (known_nonneg_correct _ _ Q1 (holds_neg _ _ FA)). pose proof (known_nonneg_correct _ _ Q2 FB). lra.
    + right. pose proof (known_nonneg_correct _ _ Q1 FA). pose proof (known_nonneg_correct _ _ Q2 (holds_neg _ _ FB)). lra.
Qed.
End Value.
(* Bits, those for bounds; the number of coefficients of erf, and how many of them up to a square in quarters. *)
Definition hints := (positive * positive * nat * list (Z * nat))%type.
Definition set_up {A} (h : hints) (k : F.precision -> F.precision -> I.type -> list I.type -> list (I.type * nat) -> A) : A :=
  match h with (p, q, n, most) =>
    let p := F.PtoP p in let q := F.PtoP q in
    k p q (root_pi p) (table p (I.fromZ p 1) 0 n) (List.map (fun x => (ratio q (fst x) 4, snd x)) most) end.
Definition values_check (h : hints) (l : list box) (gs : list goal) : bool :=
  set_up h (fun p q c t most => List.forallb (shown p q c t most (boxes p l)) gs).
Definition zero_check (h : hints) (l : list box) (a b f : form) : bool :=
  set_up h (fun p q c t most => changes p q c t most (boxes p l) a b f).
Lemma table_right : forall p n i, (i < length (table p (I.fromZ p 1) 0 n))%nat -> holds (at_ (table p (I.fromZ p 1) 0 n) i) (gauss_coef i).
Proof.
  assert (L : forall p n T k, length (table p T k n) = n) by (intros p; induction n; intros; simpl; auto).
  intros p n i H. rewrite L in H. apply (table_correct p n (I.fromZ p 1) 0); auto. simpl. replace (1 / 1) with 1 by field. apply holds_Z.
Qed.
Theorem values_right : forall h l gs, values_check h l gs = true -> forall e, List.Forall2 boxed l e -> all e gs.
Proof.
  intros [[[p q] n] most] l gs H e L. unfold values_check, set_up in H. cbv zeta in H. refine (all_correct _ _ _ _ _ _ _ _ e gs _ H).
  apply holds_root_pi. apply table_right. now apply boxes_correct.
Qed.
Theorem zero_within : forall h l a b f, zero_check h l a b f = true -> forall e, List.Forall2 boxed l e ->
  exists z, val e a <= z <= val e b /\ val (cons z e) f = 0.
Proof.
  intros [[[p q] n] most] l a b f H e L. unfold zero_check, set_up in H. cbv zeta in H. refine (changes_correct _ _ _ _ _ _ _ _ e a b f _ H).
  apply holds_root_pi. apply table_right. now apply boxes_correct.
Qed.
End Values.
Import Values.
