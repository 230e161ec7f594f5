Require Import Reals ZArith Bool Lra Lia.
Require List Ratan.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.
(* --- the kernels of arcs, and recursions of many steps that move a correlation by them --- *)
Definition arc0 (x : R) : R := 1 - acos x / PI.
Definition arc1 (x : R) : R := (sqrt (1 - x ^ 2) + (PI - acos x) * x) / PI.

From Interval Require Primitive_ops Float_full Xreal Interval.
Module Recursions.
Import Primitive_ops Float_full Xreal Interval.
Module F := PrimitiveFloat.
Module I := FloatIntervalFull F.

(* --- what is true of the kernels --- *)
Lemma acos_falls : forall x y, -1 <= x -> x <= y -> y <= 1 -> acos y <= acos x.
Proof.
  intros x y H1 H2 H3. destruct (Rle_lt_dec (acos y) (acos x)) as [L | L]; auto. exfalso.
  pose proof (acos_bound x). pose proof (acos_bound y).
  pose proof (cos_decreasing_1 (acos x) (acos y)) as D. rewrite !cos_acos in D by lra. lra.
Qed.
Definition turned (t : R) : R := sin t + (PI - t) * cos t.
Lemma turned_falls : forall s t, 0 <= s -> s <= t -> t <= PI -> turned t <= turned s.
Proof.
  intros s t H1 H2 H3. destruct (Rle_lt_or_eq_dec s t H2) as [L | ->]; [|lra].
  destruct (MVT_cor2 turned (fun u => - ((PI - u) * sin u)) s t L) as [c [E [C1 C2]]].
  - intros c _. apply is_derive_Reals. unfold turned. auto_derive; auto. ring.
  - assert (0 <= (PI - c) * sin c * (t - s)); [|lra].
    apply Rmult_le_pos; [apply Rmult_le_pos|]; [lra | apply sin_ge_0; lra | lra].
Qed.
Lemma arc1_turned : forall x, -1 <= x <= 1 -> arc1 x = turned (acos x) / PI.
Proof.
  intros x H. unfold arc1, turned. rewrite sin_acos, cos_acos by lra. do 3 f_equal. unfold Rsqr. ring.
Qed.
Lemma arc1_rises : forall x y, -1 <= x -> x <= y -> y <= 1 -> arc1 x <= arc1 y.
Proof.
  intros x y H1 H2 H3. rewrite !arc1_turned by lra. pose proof PI_RGT_0. pose proof (acos_bound x). pose proof (acos_bound y).
  apply Rmult_le_compat_r. left; now apply Rinv_0_lt_compat. apply turned_falls; try lra. now apply acos_falls.
Qed.
Lemma arc1_range : forall x, -1 <= x <= 1 -> 0 <= arc1 x <= 1.
Proof.
  intros x H. rewrite arc1_turned by lra. pose proof PI_RGT_0. pose proof (acos_bound x) as B.
  pose proof (turned_falls (acos x) PI ltac:(lra) ltac:(lra) ltac:(lra)) as L.
  pose proof (turned_falls 0 (acos x) ltac:(lra) ltac:(lra) ltac:(lra)) as U.
  unfold turned at 1 in L. rewrite sin_PI, cos_PI in L. unfold turned at 2 in U. rewrite sin_0, cos_0 in U.
  split. apply Rdiv_le_0_compat; lra. apply Rmult_le_reg_r with PI; auto. field_simplify; lra.
Qed.
(* One step of a correlation x. *)
Definition next (a x : R) : R := x + a * (arc1 x - x).
Lemma next_rises : forall a x y, 0 <= a <= 1 -> -1 <= x -> x <= y -> y <= 1 -> next a x <= next a y.
Proof.
  intros a x y A H1 H2 H3. pose proof (arc1_rises x y H1 H2 H3). unfold next.
  assert (0 <= a * (arc1 y - arc1 x) + (1 - a) * (y - x)); [|lra].
  apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra.
Qed.
Lemma next_range : forall a x, 0 <= a <= 1 -> -1 <= x <= 1 -> -1 <= next a x <= 1.
Proof.
  intros a x A H. pose proof (arc1_range x H). unfold next.
  assert (0 <= a * (1 - arc1 x) + (1 - a) * (1 - x)) by (apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra).
  assert (0 <= a * (1 + arc1 x) + (1 - a) * (1 + x)) by (apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra).
  lra.
Qed.
(* By q = (1 - x)/2 and half the angle. *)
Lemma half_angle : forall q, 0 <= q -> q < 1 -> acos (1 - 2 * q) = 2 * atan (sqrt q / sqrt (1 - q)).
Proof.
  intros q H1 H2. assert (P : 0 < sqrt (1 - q)) by (apply sqrt_lt_R0; lra).
  set (t := sqrt q / sqrt (1 - q)). assert (T : 0 <= t) by (apply Rdiv_le_0_compat; auto; apply sqrt_pos).
  assert (S : t ^ 2 = q / (1 - q)).
  { unfold t, Rdiv. rewrite Rpow_mult_distr, pow_inv. rewrite !pow2_sqrt by lra. reflexivity. }
  assert (B : 0 <= atan t < PI / 2).
  { split; [|apply atan_bound]. destruct T as [T | <-]. rewrite <- atan_0. left. now apply atan_increasing. rewrite atan_0; lra. }
  replace (1 - 2 * q) with (cos (2 * atan t)). apply acos_cos. lra.
  rewrite cos_2a_cos, cos_atan. replace (1 + t²) with (/ (1 - q)) by (rewrite Rsqr_pow2, S; field; lra).
  assert (Q : sqrt (/ (1 - q)) * sqrt (/ (1 - q)) = / (1 - q)) by (apply sqrt_sqrt; left; apply Rinv_0_lt_compat; lra).
  assert (N : sqrt (/ (1 - q)) <> 0) by (apply Rgt_not_eq, sqrt_lt_R0, Rinv_0_lt_compat; lra).
  replace (2 * (1 / sqrt (/ (1 - q))) * (1 / sqrt (/ (1 - q))) - 1) with (2 / (sqrt (/ (1 - q)) * sqrt (/ (1 - q))) - 1) by (field; auto).
  rewrite Q. field. lra.
Qed.
Lemma half_root : forall q, 0 <= q <= 1 -> sqrt (1 - (1 - 2 * q) ^ 2) = 2 * (sqrt q * sqrt (1 - q)).
Proof.
  intros q H. rewrite <- sqrt_mult by lra. replace 2 with (sqrt 4) at 2 by (replace 4 with (2 * 2) by ring; apply sqrt_square; lra).
  rewrite <- sqrt_mult by nra. f_equal. ring.
Qed.
Definition angle (q : R) : R := acos (1 - 2 * q) / 2.
Definition gap (q : R) : R := sqrt q * sqrt (1 - q) - angle q + 2 * (angle q * q).
Lemma arc0_angle : forall q, arc0 (1 - 2 * q) = 1 - 2 * (angle q / PI).
Proof. intros. unfold arc0, angle. pose proof PI_RGT_0. field. lra. Qed.
Lemma arc1_gap : forall q, 0 <= q <= 1 -> arc1 (1 - 2 * q) = 1 - 2 * q + 2 * (gap q / PI).
Proof.
  intros q H. unfold arc1, gap, angle. rewrite half_root by auto. pose proof PI_RGT_0. field. lra.
Qed.
(* Small angles: no term is the difference of two large ones. *)
Definition rest (z j : R) : R := 1 / 3 - z * (1 / 5 - z * (1 / 7 - z * (1 / 9 - z * j))).
Lemma atan_below : forall t, 0 <= t -> t - t ^ 3 * rest (t ^ 2) 0 - t ^ 11 / 11 <= atan t.
Proof.
  intros t [T | <-]; [|rewrite atan_0; unfold rest; lra].
  destruct (MVT_cor2 (fun u => atan u - (u - u ^ 3 * rest (u ^ 2) 0 - u ^ 11 / 11)) (fun u => u ^ 12 / (1 + u ^ 2)) 0 t T) as [c [E [C1 C2]]].
  - intros c _. apply is_derive_Reals. unfold rest. auto_derive; auto. field. nra.
  - rewrite atan_0 in E. assert (0 <= c ^ 12 / (1 + c ^ 2) * (t - 0)).
    { apply Rmult_le_pos; [apply Rdiv_le_0_compat | lra]. apply pow_le; lra. nra. }
    unfold rest in *. lra.
Qed.
Lemma atan_above : forall t, 0 <= t -> atan t <= t - t ^ 3 * rest (t ^ 2) 0.
Proof.
  intros t [T | <-]; [|rewrite atan_0; unfold rest; lra].
  destruct (MVT_cor2 (fun u => u - u ^ 3 * rest (u ^ 2) 0 - atan u) (fun u => u ^ 10 / (1 + u ^ 2)) 0 t T) as [c [E [C1 C2]]].
  - intros c _. apply is_derive_Reals. unfold rest. auto_derive; auto. field. nra.
  - rewrite atan_0 in E. assert (0 <= c ^ 10 / (1 + c ^ 2) * (t - 0)).
    { apply Rmult_le_pos; [apply Rdiv_le_0_compat | lra]. apply pow_le; lra. nra. }
    unfold rest in *. lra.
Qed.
Lemma atan_rest : forall t, 0 <= t -> exists j, 0 <= j <= 1 / 11 /\ atan t = t - t * (t * t) * rest (t * t) j.
Proof.
  intros t [T | <-]; [|exists 0; rewrite atan_0; unfold rest; lra].
  pose proof (atan_below t ltac:(lra)) as L. pose proof (atan_above t ltac:(lra)) as U.
  assert (P : 0 < t ^ 11) by (apply pow_lt; auto).
  exists ((t - t ^ 3 * rest (t ^ 2) 0 - atan t) / t ^ 11). split.
  - split. apply Rdiv_le_0_compat; lra. apply Rmult_le_reg_r with (t ^ 11); auto. field_simplify; lra.
  - unfold rest. field. lra.
Qed.
Lemma small_gap : forall q t, 0 <= q -> q < 1 -> t = sqrt q / sqrt (1 - q) -> angle q = atan t /\
  forall k, atan t = t - k -> gap q = k + q * (2 * atan t - t).
Proof.
  intros q t H1 H2 ->. assert (A : angle q = atan (sqrt q / sqrt (1 - q))) by (unfold angle; rewrite half_angle by auto; field).
  split; auto. intros k K. unfold gap. rewrite A. assert (P : 0 < sqrt (1 - q)) by (apply sqrt_lt_R0; lra).
  replace (sqrt q * sqrt (1 - q)) with (sqrt q / sqrt (1 - q) * (sqrt (1 - q) * sqrt (1 - q))) by (field; lra).
  rewrite sqrt_sqrt by lra. lra.
Qed.

(* --- intervals of the floats of the machine --- *)
Definition holds (X : I.type) (x : R) : Prop := contains (I.convert X) (Xreal x).
Definition p : F.precision := F.PtoP 53.
Lemma holds_nan : forall X x, contains (I.convert X) Xnan -> holds X x.
Proof. intros X x. unfold holds. destruct (I.convert X); simpl; tauto. Qed.
Lemma holds_nai : forall x, holds I.nai x.
Proof. intros. unfold holds. rewrite I.nai_correct. exact Logic.I. Qed.
Lemma holds_Z : forall z, holds (I.fromZ p z) (IZR z).
Proof. intros. apply I.fromZ_correct. Qed.
Lemma holds_add : forall X Y x y, holds X x -> holds Y y -> holds (I.add p X Y) (x + y).
Proof. intros. exact (I.add_correct p _ _ _ _ H H0). Qed.
Lemma holds_sub : forall X Y x y, holds X x -> holds Y y -> holds (I.sub p X Y) (x - y).
Proof. intros. exact (I.sub_correct p _ _ _ _ H H0). Qed.
Lemma holds_mul : forall X Y x y, holds X x -> holds Y y -> holds (I.mul p X Y) (x * y).
Proof. intros. exact (I.mul_correct p _ _ _ _ H H0). Qed.
Lemma holds_neg : forall X x, holds X x -> holds (I.neg X) (- x).
Proof. intros. exact (I.neg_correct _ _ H). Qed.
Lemma holds_div : forall X Y x y, holds X x -> holds Y y -> holds (I.div p X Y) (x / y).
Proof.
  intros. pose proof (I.div_correct p _ _ _ _ H H0) as K. simpl in K. unfold Xdiv' in K.
  destruct (is_zero y); [now apply holds_nan | exact K].
Qed.
Lemma holds_sqrt : forall X x, holds X x -> holds (I.sqrt p X) (sqrt x).
Proof. intros. exact (I.sqrt_correct p _ _ H). Qed.
Lemma holds_pi : holds (I.pi p) PI.
Proof. exact (I.pi_correct p). Qed.
Lemma holds_join : forall X Y a b x, holds X a -> holds Y b -> a <= x <= b -> holds (I.join X Y) x.
Proof.
  intros. apply (contains_connected _ a b); auto; apply I.join_correct; auto.
Qed.
Lemma holds_meet : forall X Y x, holds X x -> holds Y x -> holds (I.meet X Y) x.
Proof. intros. now apply I.meet_correct. Qed.
Definition nonneg (X : I.type) : bool := match I.sign_large X with Xgt | Xeq => true | _ => false end.
Lemma nonneg_correct : forall X x, nonneg X = true -> holds X x -> 0 <= x.
Proof.
  intros X x. unfold nonneg. pose proof (I.sign_large_correct X) as K. destruct (I.sign_large X); intros H Hx; try discriminate.
  - specialize (K _ Hx). injection K. intros ->. lra.
  - now apply (K (Xreal x)).
Qed.
Definition low (X : I.type) : I.type := I.singleton (I.lower X).
Definition high (X : I.type) : I.type := I.singleton (I.upper X).
Lemma ends_correct : forall X x, I.lower_bounded X = true -> I.upper_bounded X = true -> holds X x ->
  exists a b, holds (low X) a /\ holds (high X) b /\ a <= x <= b.
Proof.
  intros X x L U H. exists (proj_val (F.toX (I.lower X))), (proj_val (F.toX (I.upper X))).
  split. apply I.singleton_correct. split. apply I.singleton_correct.
  assert (E : not_empty (I.convert X)) by (exists x; exact H).
  pose proof (I.lower_correct X E) as L'. pose proof (I.upper_correct X E) as U'.
  destruct (I.lower_bounded_correct X L) as [L1 _]. destruct (I.upper_bounded_correct X U) as [U1 _].
  rewrite L1 in L'. rewrite U1 in U'. unfold holds in H. destruct (I.convert X) as [|l u]; simpl in *; [discriminate|].
  rewrite <- L', <- U' in H. exact H.
Qed.

(* --- formulas --- *)
Inductive E := EV (k : nat) | EN (z : Z) | EAdd (e f : E) | ESub (e f : E) | EMul (e f : E) | EDiv (e f : E) | ENeg (e : E).
Fixpoint real (v : list R) (e : E) : R :=
  match e with
  | EV k => List.nth k v 0
  | EN z => IZR z
  | EAdd e f => real v e + real v f
  | ESub e f => real v e - real v f
  | EMul e f => real v e * real v f
  | EDiv e f => real v e / real v f
  | ENeg e => - real v e
  end.
Fixpoint ball (v : list I.type) (e : E) : I.type :=
  match e with
  | EV k => List.nth k v I.nai
  | EN z => I.fromZ p z
  | EAdd e f => I.add p (ball v e) (ball v f)
  | ESub e f => I.sub p (ball v e) (ball v f)
  | EMul e f => I.mul p (ball v e) (ball v f)
  | EDiv e f => I.div p (ball v e) (ball v f)
  | ENeg e => I.neg (ball v e)
  end.
Definition all_hold (V : list I.type) (v : list R) : Prop := List.Forall2 holds V v.
Lemma ball_correct : forall V v e, all_hold V v -> holds (ball V e) (real v e).
Proof.
  intros V v e H. induction e; simpl;
    [| apply holds_Z | apply holds_add | apply holds_sub | apply holds_mul | apply holds_div | apply holds_neg]; auto.
  revert k. induction H; intros [|k]; simpl; auto; apply holds_nai.
Qed.

Opaque I.fromZ I.add I.sub I.mul I.div I.neg I.sqrt I.atan I.pi I.join I.meet I.singleton I.sign_large I.nai I.convert.

(* --- one step: the first state is a correlation x, kept as q = (1 - x)/2; formulas see arc0 x, arc1 x, x, the
   other states and the constants --- *)
Definition one : I.type := I.fromZ p 1.
Definition two : I.type := I.fromZ p 2.
Definition unit_ : I.type := I.join (I.fromZ p 0) one.
Definition over_pi : I.type := I.div p one (I.pi p).
Definition over (n : Z) : I.type := I.div p one (I.fromZ p n).
Definition rest_ (Z : I.type) : I.type :=
  I.sub p (over 3) (I.mul p Z (I.sub p (over 5) (I.mul p Z (I.sub p (over 7) (I.mul p Z (I.sub p (over 9) (I.mul p Z
    (I.div p unit_ (I.fromZ p 11))))))))).
Lemma unit_correct : forall q, 0 <= q <= 1 -> holds unit_ q.
Proof. intros. apply holds_join with 0 1; auto; apply holds_Z. Qed.
Lemma rest_correct : forall Z z j, holds Z z -> 0 <= j <= 1 / 11 -> holds (rest_ Z) (rest z j).
Proof.
  intros Z z j H J. assert (O : forall n, holds (over n) (1 / IZR n)) by (intros; apply holds_div; apply holds_Z).
  unfold rest_, rest. repeat (apply holds_sub; [apply O |]; apply holds_mul; auto).
  replace j with (11 * j / 11) by field. apply holds_div. apply unit_correct. lra. apply holds_Z.
Qed.
Definition at_ (X : I.type) : I.type * I.type :=
  let s := I.sqrt p X in let c := I.sqrt p (I.sub p one X) in let t := I.div p s c in
  if nonneg (I.sub p (over 64) t) then
    let z := I.mul p t t in let k := I.mul p (I.mul p t z) (rest_ z) in let u := I.sub p t k in
    (u, I.add p k (I.mul p X (I.sub p (I.mul p two u) t)))
  else let u := I.atan p t in (u, I.add p (I.sub p (I.mul p s c) u) (I.mul p two (I.mul p u X))).
Lemma at_correct : forall X q, 0 <= q <= 1 -> holds X q -> holds (fst (at_ X)) (angle q) /\ holds (snd (at_ X)) (gap q).
Proof.
  intros X q Q H. assert (S := holds_sqrt _ _ H). assert (C := holds_sqrt _ _ (holds_sub _ _ _ _ (holds_Z 1) H)).
  unfold at_. destruct (nonneg (I.sub p (over 64) (I.div p (I.sqrt p X) (I.sqrt p (I.sub p one X))))) eqn:N.
  - assert (T := holds_div _ _ _ _ S C). destruct Q as [Q1 [Q2 | ->]].
    + set (t := sqrt q / sqrt (1 - q)) in *. assert (T0 : 0 <= t) by (apply Rdiv_le_0_compat; [apply sqrt_pos | apply sqrt_lt_R0; lra]).
      destruct (atan_rest t T0) as [j [J E]]. destruct (small_gap q t Q1 Q2 eq_refl) as [A G].
      rewrite A, (G _ E), E. simpl fst. simpl snd.
      assert (Z := holds_mul _ _ _ _ T T). assert (K := holds_mul _ _ _ _ (holds_mul _ _ _ _ T Z) (rest_correct _ _ _ Z J)).
      assert (U := holds_sub _ _ _ _ T K).
      split; auto. apply holds_add; auto. apply holds_mul; auto. apply holds_sub; auto. apply holds_mul; auto. apply holds_Z.
    + pose proof (I.div_correct p _ _ _ _ S C) as D. replace (1 - 1) with 0 in D by ring. simpl in D. unfold Xdiv' in D.
      rewrite sqrt_0 in D. destruct (is_zero_spec 0) as [_ | B]; [|lra].
      exfalso. pose proof (nonneg_correct _ (1 / 64 - 1) N) as K.
      assert (0 <= 1 / 64 - 1); [|lra]. apply K. apply holds_sub. apply holds_div; apply holds_Z. now apply holds_nan.
  - assert (A : holds (I.atan p (I.div p (I.sqrt p X) (I.sqrt p (I.sub p one X)))) (angle q)).
    { unfold angle. pose proof (I.atan_correct p _ _ (I.div_correct p _ _ _ _ S C)) as K.
      simpl in K. unfold Xdiv' in K. destruct (is_zero_spec (sqrt (1 - q))) as [Z | Z]. now apply holds_nan.
      rewrite half_angle; try lra. replace (2 * atan (sqrt q / sqrt (1 - q)) / 2) with (atan (sqrt q / sqrt (1 - q))) by field. exact K.
      destruct Q as [_ [Q | ->]]; auto. exfalso. apply Z. replace (1 - 1) with 0 by ring. apply sqrt_0. }
    simpl fst. simpl snd. split; auto. unfold gap. apply holds_add. apply holds_sub; auto. now apply holds_mul.
    apply holds_mul. apply holds_Z. now apply holds_mul.
Qed.

Section Steps.
Variables (A : I.type) (B : I.type) (K : list I.type) (es : list E).
(* A holds a, B holds 1/pi. *)
Definition move (X : I.type) (g : I.type) : I.type := I.sub p X (I.mul p (I.mul p A B) g).
Definition value1 (X : I.type) (g : I.type) : I.type := I.add p (I.sub p one (I.mul p two X)) (I.mul p two (I.mul p B g)).
Definition value0 (t : I.type) : I.type := I.sub p one (I.mul p two (I.mul p B t)).
Definition nothing : I.type * list I.type := (I.nai, List.map (fun _ => I.nai) es).
Definition step (s : I.type * list I.type) : I.type * list I.type :=
  let (Q, V) := s in
  if I.lower_bounded Q && I.upper_bounded Q then
    let L := low Q in let H := high Q in
    if nonneg L && nonneg (I.sub p one H) then
      let (tl, gl) := at_ L in let (th, gh) := at_ H in
      let env := List.app (cons (value0 (I.join tl th)) (cons (I.join (value1 H gh) (value1 L gl))
        (cons (I.sub p one (I.mul p two Q)) V))) K in
      (I.meet unit_ (I.join (move L gl) (move H gh)), List.map (ball env) es)
    else nothing
  else nothing.
Definition step_of (a : R) (k : list R) (v : list R) : list R :=
  match v with
  | nil => nil
  | cons x w => cons (next a x) (List.map (real (List.app (cons (arc0 x) (cons (arc1 x) (cons x w))) k)) es)
  end.
Definition known (s : I.type * list I.type) (v : list R) : Prop :=
  match v with nil => False | cons x w => -1 <= x <= 1 /\ holds (fst s) ((1 - x) / 2) /\ all_hold (snd s) w end.
Variables (a : R) (k : list R).
Hypothesis (in_a : 0 <= a <= 1) (in_A : holds A a) (in_B : holds B (1 / PI)) (in_K : all_hold K k).
Lemma move_correct : forall X g q, 0 <= q <= 1 -> holds X q -> holds g (gap q) ->
  holds (move X g) ((1 - next a (1 - 2 * q)) / 2) /\ holds (value1 X g) (arc1 (1 - 2 * q)).
Proof.
  intros X g q Q H G. pose proof PI_RGT_0. pose proof (arc1_gap q Q) as E1. split.
  - replace ((1 - next a (1 - 2 * q)) / 2) with (q - a * (1 / PI) * gap q) by (unfold next; rewrite E1; field; lra).
    apply holds_sub; auto. apply holds_mul; auto. now apply holds_mul.
  - rewrite E1. replace (1 - 2 * q + 2 * (gap q / PI)) with (1 - 2 * q + 2 * (1 / PI * gap q)) by (field; lra).
    apply holds_add. apply holds_sub. apply holds_Z. apply holds_mul; auto. apply holds_Z.
    apply holds_mul. apply holds_Z. now apply holds_mul.
Qed.
Lemma nothing_correct : forall x v, -1 <= x <= 1 -> length v = length es -> known nothing (cons x v).
Proof.
  intros x v X L. split; auto. split. apply holds_nai. simpl. revert v L. generalize es as fs.
  induction fs; intros [|y v] L; simpl in *; try discriminate; constructor. apply holds_nai. apply IHfs. lia.
Qed.
Lemma step_correct : forall s v, known s v -> known (step s) (step_of a k v).
Proof.
  intros [Q V] [|x w] G; [contradiction|]. destruct G as [X [HQ HV]]. simpl fst in HQ. simpl snd in HV.
  assert (X' := next_range a x in_a X). unfold step.
  destruct (I.lower_bounded Q) eqn:L1; [|apply nothing_correct; auto; now rewrite List.map_length].
  destruct (I.upper_bounded Q) eqn:U1; [|apply nothing_correct; auto; now rewrite List.map_length].
  cbn [andb]. destruct (ends_correct Q _ L1 U1 HQ) as [l [u [Hl [Hu B1]]]].
  destruct (nonneg (low Q)) eqn:L2; [|apply nothing_correct; auto; now rewrite List.map_length].
  destruct (nonneg (I.sub p one (high Q))) eqn:U2; [|apply nothing_correct; auto; now rewrite List.map_length].
  cbn [andb]. pose proof (nonneg_correct _ _ L2 Hl) as l0.
  pose proof (nonneg_correct _ _ U2 (holds_sub _ _ _ _ (holds_Z 1) Hu)) as u1.
  destruct (at_correct _ l ltac:(lra) Hl) as [Tl Gl]. destruct (at_correct _ u ltac:(lra) Hu) as [Tu Gu].
  destruct (at_ (low Q)) as [tl gl]. destruct (at_ (high Q)) as [tu gu]. simpl fst in Tl, Tu. simpl snd in Gl, Gu.
  destruct (move_correct _ _ l ltac:(lra) Hl Gl) as [Ml Vl]. destruct (move_correct _ _ u ltac:(lra) Hu Gu) as [Mu Vu].
  assert (Z : x = 1 - 2 * ((1 - x) / 2)) by field.
  split; auto. split.
  - simpl fst. apply holds_meet. apply unit_correct. lra.
    apply holds_join with (1 := Ml) (2 := Mu). pose proof (next_rises a (1 - 2 * u) x). pose proof (next_rises a x (1 - 2 * l)). lra.
  - simpl snd. assert (E1 : all_hold (List.app (cons (value0 (I.join tl tu)) (cons (I.join (value1 (high Q) gu) (value1 (low Q) gl))
        (cons (I.sub p one (I.mul p two Q)) V))) K) (List.app (cons (arc0 x) (cons (arc1 x) (cons x w))) k)).
    { apply List.Forall2_app; auto. repeat constructor; auto.
      - rewrite Z, arc0_angle. unfold value0. pose proof PI_RGT_0.
        replace (angle ((1 - x) / 2) / PI) with (1 / PI * angle ((1 - x) / 2)) by (field; lra).
        apply holds_sub. apply holds_Z. apply holds_mul. apply holds_Z. apply holds_mul; auto.
        apply holds_join with (1 := Tl) (2 := Tu). unfold angle. rewrite <- Z.
        pose proof (acos_falls (1 - 2 * u) x). pose proof (acos_falls x (1 - 2 * l)). lra.
      - apply holds_join with (1 := Vu) (2 := Vl). pose proof (arc1_rises (1 - 2 * u) x). pose proof (arc1_rises x (1 - 2 * l)). lra.
      - rewrite Z at 1. apply holds_sub. apply holds_Z. apply holds_mul; auto. apply holds_Z. }
    clear - E1. induction es; constructor; auto. now apply ball_correct.
Qed.
End Steps.

(* --- a number between two quotients --- *)
Definition Box := (Z * Z * Z)%type.
Definition boxed (b : Box) (x : R) : Prop := let '(l, u, d) := b in IZR l / IZR d <= x <= IZR u / IZR d.
Definition box (b : Box) : I.type := let '(l, u, d) := b in I.join (I.div p (I.fromZ p l) (I.fromZ p d)) (I.div p (I.fromZ p u) (I.fromZ p d)).
Lemma box_correct : forall b x, boxed b x -> holds (box b) x.
Proof. intros [[l u] d] x H. apply holds_join with (3 := H); apply holds_div; apply holds_Z. Qed.
Lemma boxes_correct : forall bs xs, List.Forall2 boxed bs xs -> all_hold (List.map box bs) xs.
Proof. intros bs xs H. induction H; simpl; constructor; auto. now apply box_correct. Qed.

(* --- many steps, from a correlation in the box x on; the rate is the first constant, in the box b --- *)
Definition within (l u : Z) (b : Box) : bool := let '(m, n, d) := b in (0 <? d)%Z && (l * d <=? m)%Z && (n <=? u * d)%Z.
Lemma within_correct : forall l u b y, within l u b = true -> boxed b y -> IZR l <= y <= IZR u.
Proof.
  intros l u [[m n] d] y H [H1 H2]. unfold within in H. apply andb_prop in H as [H U]. apply andb_prop in H as [D L].
  apply Z.ltb_lt, IZR_lt in D. apply Z.leb_le, IZR_le in L, U. rewrite mult_IZR in L, U.
  split; [apply Rle_trans with (2 := H1) | apply Rle_trans with (1 := H2)]; apply Rmult_le_reg_r with (IZR d); auto; field_simplify; lra.
Qed.
Definition states (n : N) (es : list E) (b : Box) (ks : list Box) (x : Box) (w : list Box) : I.type * list I.type :=
  N.iter n (step (box b) over_pi (List.map box (cons b ks)) es) (I.meet unit_ (I.div p (I.sub p one (box x)) two), List.map box w).
Definition value_check (n : N) (es : list E) (b : Box) (ks : list Box) (x : Box) (w : list Box) (e l u : E) : bool :=
  let s := states n es b ks x w in
  let y := ball (List.app (cons (I.sub p one (I.mul p two (fst s))) (snd s)) (List.map box (cons b ks))) e in
  nonneg (I.sub p y (ball nil l)) && nonneg (I.sub p (ball nil u) y).

Section Run.
Variables (es : list E) (b : Box) (ks : list Box) (x : Box) (w : list Box).
Hypothesis checked : within 0 1 b && within (-1) 1 x = true.
(* The states of the claim, as a list; its first is a correlation. *)
Variables (T : Type) (flat : T -> list R) (run : N -> T) (a : R) (k : list R) (x0 : R) (w0 : list R).
Hypothesis (in_k : List.Forall2 boxed (cons b ks) (cons a k)) (in_w : List.Forall2 boxed (cons x w) (cons x0 w0)).
Hypothesis (from : flat (run 0%N) = cons x0 w0) (by_ : forall n, flat (run (N.succ n)) = step_of es a (cons a k) (flat (run n))).
Lemma run_correct : forall n, known (states n es b ks x w) (flat (run n)).
Proof.
  apply andb_prop in checked as [C1 C2]. inversion in_k as [|? ? ? ? Ba _]. inversion in_w as [|? ? ? ? Bx Bw]. subst.
  pose proof (within_correct _ _ _ _ C1 Ba) as A1. pose proof (within_correct _ _ _ _ C2 Bx) as X1.
  pose proof (box_correct _ _ Ba) as HA. pose proof (box_correct _ _ Bx) as HX. pose proof (boxes_correct _ _ in_k) as HK.
  intros n. unfold states. induction n as [|n IH] using N.peano_ind.
  - simpl. rewrite from. split. lra. split.
    + simpl. apply holds_meet. apply unit_correct. lra. apply holds_div. apply holds_sub; auto. apply holds_Z. apply holds_Z.
    + simpl. now apply boxes_correct.
  - rewrite N.iter_succ, by_. apply step_correct; auto. apply holds_div. apply holds_Z. apply holds_pi.
Qed.
Theorem stays : forall n, match flat (run n) with nil => False | cons y _ => -1 <= y <= 1 end.
Proof. intros n. pose proof (run_correct n) as H. unfold known in H. destruct (flat (run n)); tauto. Qed.
Theorem value_bounds : forall n e l u, value_check n es b ks x w e l u = true ->
  real nil l <= real (List.app (flat (run n)) (cons a k)) e <= real nil u.
Proof.
  intros n e l u H. unfold value_check in H. apply andb_prop in H as [H1 H2].
  assert (V : all_hold (List.app (cons (I.sub p one (I.mul p two (fst (states n es b ks x w)))) (snd (states n es b ks x w)))
    (List.map box (cons b ks))) (List.app (flat (run n)) (cons a k))).
  { pose proof (run_correct n) as G. unfold known in G. destruct (flat (run n)) as [|y r]; [contradiction|].
    destruct G as [Y [GQ GV]]. apply List.Forall2_app; [|now apply boxes_correct]. constructor; auto.
    replace y with (1 - 2 * ((1 - y) / 2)) by field. apply holds_sub. apply holds_Z. apply holds_mul; auto. apply holds_Z. }
  pose proof (ball_correct _ _ e V) as HE. pose proof (ball_correct nil nil l (List.Forall2_nil _)) as HL.
  pose proof (ball_correct nil nil u (List.Forall2_nil _)) as HU.
  pose proof (nonneg_correct _ _ H1 (holds_sub _ _ _ _ HE HL)). pose proof (nonneg_correct _ _ H2 (holds_sub _ _ _ _ HU HE)). lra.
Qed.
End Run.
End Recursions.
